# Completion of 3bot for fish: 3bot completion fish > ~/.config/fish/completions/3bot.fish
function __3bot_complete
    set -l words (commandline --current-process --tokenize --cut-at-cursor)
    set -l current (commandline --current-token --cut-at-cursor)
    set -l answer (3bot __complete fish $words[2..-1] "$current" 2>/dev/null </dev/null)
    switch "$answer[1]"
        case files
            __fish_complete_path "$current"
        case folders
            __fish_complete_directories "$current"
        case words
            string join \n -- $answer[2..-1]
    end
end
complete --command 3bot --no-files --arguments '(__3bot_complete)'
