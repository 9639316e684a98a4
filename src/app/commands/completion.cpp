#include "app/completion.hpp"

#include "app/commands/commands.hpp"
#include "app/flags.hpp"

#include <memory>
#include <string>

#include <fmt/format.h>

namespace syncwarden::app {
namespace {

constexpr const char* bash_script =
    R"sh(# syncwarden's completion for bash: source <(syncwarden completion bash)
_syncwarden() {
  local IFS=$'\n' current=${COMP_WORDS[COMP_CWORD]} candidate
  COMPREPLY=()
  while read -r candidate; do
    COMPREPLY+=("$(printf '%q' "$candidate")")
  done < <("${COMP_WORDS[0]}" --complete "${COMP_WORDS[@]:1:COMP_CWORD-1}" "$current" 2>/dev/null)
}
complete -o nosort -o default -F _syncwarden syncwarden
)sh";

constexpr const char* zsh_script = R"sh(#compdef syncwarden
# syncwarden's completion for zsh: source <(syncwarden completion zsh)
_syncwarden() {
  local -a candidates
  candidates=("${(@f)$("${words[1]}" --complete "${(@)words[2,CURRENT-1]}" "${words[CURRENT]}" 2>/dev/null)}")
  (( ${#candidates} )) && compadd -- "${candidates[@]}" || _files
}
compdef _syncwarden syncwarden
)sh";

constexpr const char* fish_script =
    R"sh(# syncwarden's completion for fish: syncwarden completion fish | source
function __syncwarden_complete
  set -l words (commandline -opc)
  $words[1] --complete $words[2..-1] (commandline -ct) 2>/dev/null
end
complete -c syncwarden -a '(__syncwarden_complete)'
)sh";

}  // namespace

void add_completion(CLI::App& app, Chosen& chosen) {
  auto* command = app.add_subcommand("completion", "shell completion: bash, zsh or fish");
  auto shell = std::make_shared<std::string>();
  command->add_option("shell", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->footer(
      "source <(syncwarden completion bash)      # zsh the same; in fish: syncwarden completion fish | "
      "source\n"
      "Commands and flags always; names of connections, sources, destinations and workspaces where the "
      "daemon is up,\n"
      "or, for `airbyte`, `export` and `adopt`, where flags or SYNCWARDEN_AIRBYTE_URL name an Airbyte that "
      "is.");
  command->callback([shell, &chosen] {
    chosen = [shell] {
      fmt::print("{}", *shell == "bash" ? bash_script : *shell == "zsh" ? zsh_script : fish_script);
      return exit_done;
    };
  });
}

}  // namespace syncwarden::app
