# SPDX-License-Identifier: GPL-2.0-or-later
# completions/vault.fish: completion for fish, of vault and its links (vault-up, …).

# The words before the cursor from the command on, without global options: "up media conf".
function __vault_words
    set -l words (commandline -opc)
    set -l name (basename -- $words[1])
    set -e words[1]
    while set -q words[1]; and string match -q -- '-*' $words[1]
        set -e words[1]
    end
    switch $name
        case '*-up' '*-down' '*-exec' '*-check' '*-leaktest'
            set -p words (string replace -r '.*-' '' -- $name)
        case '*-parse-conf'
            set -p words parse-conf
    end
    string join \n -- $words
end

function __vault_names
    set -l dir /run/vault
    set -q VAULT_COMPLETE_DIR; and set dir $VAULT_COMPLETE_DIR
    for d in $dir/*/
        basename $d
    end
end

# Services that run, by their control groups.
function __vault_units
    set -l dir /sys/fs/cgroup/system.slice
    set -q VAULT_COMPLETE_UNITS; and set dir $VAULT_COMPLETE_UNITS
    for d in $dir/*.service/
        basename $d
    end
end

# Of `exec`, the number of COMMAND among the words, or of the next one where there is none yet; with an argument due, 0.
function __vault_exec_at
    set -l words (__vault_words)
    set -l i 3
    while test $i -le (count $words)
        switch $words[$i]
            case user cwd
                test $i -lt (count $words); or begin
                    echo 0
                    return
                end
                set i (math $i + 2)
            case keep-caps own-pids
                set i (math $i + 1)
            case --
                set i (math $i + 1)
                break
            case '*'
                break
        end
    end
    echo $i
end

# What may stand at the cursor: one a line, with its description after a tab.
function __vault_complete
    set -l words (__vault_words)
    set -l n (count $words)
    if test $n -eq 0
        printf '%s\t%s\n' up 'make a vault' down 'take vaults down' exec 'run a command inside a vault' \
            check 'prove that vaults are what they claim to be' leaktest 'try every way out of a vault' \
            parse-conf 'say what a wg-quick file holds' help 'print the usage of a command'
        return
    end
    set -l token (commandline -ct)
    switch $words[1]
        case up
            test $n -ge 2; or return
            if test $n -gt 2
                switch $words[$n]
                    case conf file
                        __fish_complete_path $token
                        return
                    case userspace
                        printf '%s\n' auto never wireguard-go boringtun-cli
                        return
                    case adopt
                        path basename /sys/class/net/*
                        return
                    case segment via dns mtu host-address vault-address accessible-from publish open-port allow-host allow-to wait-handshake
                        return
                    case post-up pre-down post-down
                        __fish_complete_command
                        return
                end
            end
            set -l said $words[3..-1]
            if test $n -gt 3; and test $words[(math $n - 1)] = segment
                return
            end
            if test $n -gt 4; and test $words[(math $n - 2)] = segment
                printf '%s\t%s\n' gateway 'forward the segment into the tunnel' via 'its only way out is that gateway'
            end
            for line in conf\t'the tunnel, a wg-quick file' \
                    isolated\t'no tunnel, no way to the internet' segment\t'a leg on a network of vaults alone' \
                    adopt\t'the tunnel, a WireGuard interface that is there' userspace\t'the userspace WireGuard to run' \
                    dns\t'resolvers, instead of those of the file' mtu\t'MTU of the tunnel' \
                    accessible-from\t'who may open connections into it' \
                    publish\t'a port of the host that leads to one inside' \
                    open-port\t'ports that answer on the tunnel' \
                    allow-host\t'a port of the host that it may use' \
                    allow-to\t'a hole, what it may reach by the link' \
                    host-address\t'the end of the link on the host' vault-address\t'the end of the link in the vault' \
                    no-link\t'no link to the host' post-up\t'run a command when it is up' \
                    pre-down\t'run a command before it goes' post-down\t'run a command after it went' \
                    wait-handshake\t'wait until a peer has answered' file\t'read words from a file' \
                    as-made\t'by the words that it was made with' plan\t'change nothing, print what would change' dry-run\t'change nothing, print the commands'
                set -l clause (string split \t -- $line)[1]
                if string match -qr -- '-address|-from|publish|-port|allow-|^p.*-(up|down)$' $clause; or not contains -- $clause $said
                    echo $line
                end
            end
        case down
            set -l said $words[2..-1]
            if not string match -q -r -- '^(all|kill|keep-ns)$' $said
                for name in (__vault_names)
                    contains -- $name $said; or echo $name
                end
            end
            if test $n -eq 1
                printf '%s\t%s\n' all 'every vault'
            else
                for line in kill\t'end what runs inside' keep-ns\t'take the tunnel alone'
                    contains -- (string split \t -- $line)[1] $said; or echo $line
                end
            end
        case exec
            if test $n -eq 1
                __vault_names
                return
            end
            set -l at (__vault_exec_at)
            if test $at -eq 0
                if test $words[$n] = user
                    __fish_complete_users
                else
                    __fish_complete_directories $token
                end
            else if test $at -le $n
                complete -C (string join ' ' -- (string escape -- $words[$at..-1]) $token)
            else
                if test $words[$n] != --
                    for line in user\t'run as this user' keep-caps\t'keep all capabilities' own-pids\t'see no process outside' cwd\t'start in this folder'
                        contains -- (string split \t -- $line)[1] $words[3..-1]; or echo $line
                    end
                end
                __fish_complete_command
            end
        case check
            test $n -eq 1; or test $words[$n] != max-handshake-age; or return
            if test $words[$n] = unit
                __vault_units
                return
            end
            set -l offer max-handshake-age unit pid prometheus
            contains -- unit $words; or contains -- pid $words; or set -p offer (__vault_names) all system
            for word in $offer
                contains -- $word $words[2..-1]; or echo $word
            end
        case leaktest
            if test $n -eq 1
                __vault_names
                return
            end
            switch $words[$n]
                case log report
                    __fish_complete_path $token
                    return
                case interval duration
                    return
                case on-leak
                    printf '%s\n' down kill
                    __fish_complete_command
                    return
            end
            contains -- report $words[3..-1]; and return
            set -l offer probe echo interval duration log on-leak disrupt
            test $n -eq 2; and set -a offer report
            if string match -qr -- ' probe (?!.*(echo|interval|duration|log|on-leak|disrupt) )' "$words "
                set -a offer (vault help leaktest 2>/dev/null | string replace -rf '^  ([a-z0-9-]+)  .*' '$1')
            end
            for word in $offer
                contains -- $word $words[3..-1]; or echo $word
            end
        case parse-conf
            if test $n -eq 1
                __fish_complete_path $token
            else
                printf '%s\n' show-keys strict
            end
        case help
            test $n -eq 1; and printf '%s\n' up down exec check leaktest parse-conf
    end
end

for name in vault vault-up vault-down vault-exec vault-check vault-leaktest vault-parse-conf
    complete -c $name -e
    complete -c $name -f -a '(__vault_complete)'
    complete -c $name -n 'test (count (commandline -opc)) -eq 1' -o json -s j -d 'one JSON value'
    complete -c $name -n 'test (count (commandline -opc)) -eq 1' -o pretty -s p -d 'JSON with line breaks'
    complete -c $name -n 'test (count (commandline -opc)) -eq 1' -o quiet -s q -d 'no more than errors'
    complete -c $name -n 'test (count (commandline -opc)) -eq 1' -o verbose -s v -d 'what is done, step by step'
    complete -c $name -n 'test (count (commandline -opc)) -eq 1' -o Version -s V -d 'print the version'
    complete -c $name -n 'test (count (commandline -opc)) -eq 1' -o help -s h -d 'print the usage'
end
