# SPDX-License-Identifier: GPL-2.0-or-later
# completions/vault.fish: completion for fish, of vault and its links (vault-up, …): asks `vault complete`.
function __vault_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in (@SBINDIR@/vault complete $words 2>/dev/null)
        switch $line
            case ':files'
                __fish_complete_path $words[-1]
            case ':folders'
                __fish_complete_directories $words[-1]
            case ':command *'
                set -l command $words[(math 1 + (string split ' ' -- $line)[2])..-1]
                complete -C (string join ' ' -- (string escape -- $command[1..-2]) $command[-1])
            case '*'
                echo $line
        end
    end
end
for name in vault vault-up vault-down vault-exec vault-check vault-leaktest vault-parse-conf
    complete -c $name -f -a '(__vault_complete)'
end
