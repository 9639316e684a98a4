// Secrets come in, and never out.
#include "base/rng.hpp"
#include "support.hpp"

#include <cstddef>

namespace syncwarden::settings {
namespace {

using namespace testing;

std::string token_of(const Loaded& loaded) {
  EXPECT_TRUE(loaded.ok()) << lines_of(loaded.problems);
  return loaded.ok() ? std::get<TokenAuth>(loaded.settings->airbyte.auth).token.reveal() : "";
}

Loaded with_file(const std::string& file, std::map<std::string, std::string> variables = {}) {
  return load("airbyte: {url: \"http://localhost\", auth: {type: token, token_file: \"" + file + "\"}}\n",
              std::move(variables));
}

TEST(SecretFile, ExactlyOneNewlineIsStripped) {
  const Folder folder;
  EXPECT_EQ(token_of(with_file(folder.write("a", "hush\n"))), "hush");
  EXPECT_EQ(token_of(with_file(folder.write("b", "hush"))), "hush");
  EXPECT_EQ(token_of(with_file(folder.write("c", " hush \r\n"))), " hush ");
  const Loaded two = with_file(folder.write("d", "hush\n\n"));
  EXPECT_NE(lines_of(two.problems).find("line break"), std::string::npos);
  EXPECT_EQ(lines_of(two.problems).find("hush"), std::string::npos);
}

TEST(SecretFile, IsNotExpanded) {
  const Folder folder;
  EXPECT_EQ(token_of(with_file(folder.write("a", "${HOME}$$"))), "${HOME}$$");
}

TEST(SecretFile, EmptyIsAnError) {
  const Folder folder;
  EXPECT_NE(lines_of(with_file(folder.write("a", "\n")).problems).find("token_file: the file is empty"),
            std::string::npos);
}

TEST(SecretFile, RelativeToTheFileThatNamesIt) {
  const Folder folder;
  folder.write("secrets/token", "hush\n");
  const std::string path = folder.write(
      "main.yaml", "airbyte: {url: \"http://localhost\", auth: {type: token, token_file: secrets/token}}\n");
  EXPECT_EQ(token_of(load_file(path, {environment_of({}), {}})), "hush");
}

TEST(SecretFile, SystemdCredential) {
  const Folder folder;
  const std::string folder_path =
      std::filesystem::path(folder.write("token", "hush\n")).parent_path().string();
  EXPECT_EQ(token_of(with_file("credential:token", {{"CREDENTIALS_DIRECTORY", folder_path}})), "hush");
  EXPECT_FALSE(with_file("credential:../token", {{"CREDENTIALS_DIRECTORY", folder_path}}).ok());
  EXPECT_FALSE(with_file("credential:other", {{"CREDENTIALS_DIRECTORY", folder_path}}).ok());
}

TEST(WebhookToken, ComesByItsFileAndIsShownNowhere) {
  const Folder folder;
  const std::string airbyte = "airbyte: {url: \"http://localhost\"}\n";
  const Loaded loaded = load(airbyte + "web: {airbyte_webhook_token_file: \"" +
                             folder.write("token", "hush-hush-hush-hush\n") + "\"}\n");
  ASSERT_TRUE(loaded.ok()) << lines_of(loaded.problems);
  EXPECT_EQ(loaded.settings->webhook_token.reveal(), "hush-hush-hush-hush");
  EXPECT_EQ(describe(*loaded.settings).find("hush"), std::string::npos);
  const Loaded other =
      load(airbyte + "web: {airbyte_webhook_token: \"${T}\"}\n", {{"T", "psst-psst-psst-psst"}});
  ASSERT_TRUE(other.ok()) << lines_of(other.problems);
  const auto changes = diff(*loaded.settings, *other.settings);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].text, "web.airbyte_webhook_token: changed");
  EXPECT_FALSE(changes[0].needs_restart);
}

TEST(WebhookToken, IsHardToGuessAndFitsAPath) {
  for (const std::string token : {"short", "with/a-slash-in-between", "with a blank in between"}) {
    const Loaded loaded =
        load("airbyte: {url: \"http://localhost\"}\nweb: {airbyte_webhook_token: \"" + token + "\"}\n");
    EXPECT_FALSE(loaded.ok()) << token;
    const std::string said = lines_of(loaded.problems);
    EXPECT_NE(said.find("openssl rand -hex 32"), std::string::npos) << said;
    EXPECT_EQ(said.find(token), std::string::npos) << said;
  }
}

TEST(SecretFile, HeadersHaveTwinsToo) {
  const Folder folder;
  const Loaded loaded = load("airbyte: {url: \"http://localhost\", headers: {X-Key_file: \"" +
                             folder.write("key", "hush\n") + "\"}}\n");
  ASSERT_TRUE(loaded.ok()) << lines_of(loaded.problems);
  ASSERT_EQ(loaded.settings->airbyte.headers.size(), 1U);
  EXPECT_EQ(loaded.settings->airbyte.headers[0].first, "X-Key");
  EXPECT_EQ(loaded.settings->airbyte.headers[0].second.reveal(), "hush");
}

TEST(SecretFile, APasswordWhereAPathBelongsIsNotShownIfAVariableHoldsIt) {
  const Loaded loaded = with_file("${TOKEN}", {{"TOKEN", "M4rk3r"}});
  EXPECT_EQ(lines_of(loaded.problems).find("M4rk3r"), std::string::npos) << lines_of(loaded.problems);
  EXPECT_NE(lines_of(loaded.problems).find("${TOKEN}"), std::string::npos) << lines_of(loaded.problems);
}

constexpr std::string_view marker = "M4rk3r";

bool leaks(const Loaded& loaded) {
  std::string all = lines_of(loaded.problems) + lines_of(loaded.warnings);
  if (loaded.ok()) all += describe(*loaded.settings);
  return all.find(marker) != std::string::npos;
}

TEST(Secrets, WrongKindsOfSecretsAreNotShown) {
  for (const char* text : {
           "airbyte: {url: \"http://h\", auth: {type: basic, username: u, password: [M4rk3r]}}\n",
           "airbyte: {url: \"http://h\", auth: {type: basic, username: u, password: {M4rk3r: M4rk3r}}}\n",
           "airbyte: {url: \"http://h\", auth: {type: basic, username: u, pasword: M4rk3r}}\n",
           "airbyte: {url: \"http://h\", auth: {type: none, password: M4rk3r}}\n",
           "airbyte: {url: \"http://h\", auth: M4rk3r}\n",
           "airbyte: {url: \"http://h\", auth: [M4rk3r]}\n",
           "airbyte: {url: \"http://h\", password: M4rk3r}\n",
           "airbyte: {url: \"http://h\", auth: {type: token, token: \"a\\nM4rk3r\"}}\n",
           "airbyte: {url: \"http://h\", auth: {type: token, token: \"${M4rk3r !\"}}\n",
           "airbyte: {url: \"http://h\", auth: {type: token, token: \"${M4rk3r!}\"}}\n",
           "airbyte: {url: \"http://u:M4rk3r@h\"}\n",
           "airbyte: {url: \"ftp://u:M4rk3r@h\"}\n",
           "airbyte: {url: \"http://h/?token=M4rk3r\"}\n",
           "airbyte: {url: \"http://h\", proxy: \"http://u:M4rk3r@p:1\"}\n",
           "airbyte: {url: \"http://h\", proxy: \"socks://u:M4rk3r@p:1\"}\n",
           "airbyte: {url: \"http://h\", headers: {A: M4rk3r}}\n",
           "airbyte: {url: \"http://h\", headers: {A: [M4rk3r]}}\n",
           "airbyte: {url: \"http://h\", headers: {Host: M4rk3r}}\n",
           "airbyte: {url: \"http://h\", headers: [M4rk3r]}\n",
           "airbyte: {url: \"http://h\"}\nstate: postgresql://u:M4rk3r@db/x\n",
           "airbyte: {url: \"http://h\"}\nstate: mysql://u:M4rk3r@db/x\n",
           "airbyte: {url: \"http://h\"}\nstate: {postgresql: {password: M4rk3r}}\n",
           "airbyte: {url: \"http://h\"}\nnotify: [{slack: M4rk3r}]\n",
           "airbyte: {url: \"http://h\", auth: {type: token, token: M4rk3r\n",
           "airbyte: {url: \"http://h\", auth: {type: token, token: \"M4rk3r}}\n",
       }) {
    EXPECT_FALSE(leaks(load(text))) << text << lines_of(load(text).problems);
  }
}

/// Every secret key holds the marker; then the text is damaged at random elsewhere.
TEST(Secrets, NeverInAnyOutputWhateverElseIsWrong) {
  const std::vector<std::string> lines{"airbyte:",
                                       "  url: http://airbyte.example.com",
                                       "  auth:",
                                       "    type: basic",
                                       "    username: me",
                                       "    password: \"M4rk3r\"",
                                       "    token: 'M4rk3r'",
                                       "    client_secret: M4rk3r",
                                       "  headers: {X-A: M4rk3r, X-B: \"M4rk3r\"}",
                                       "  timeouts: {read: 30s}",
                                       "defaults: {jitter: 1m}",
                                       "connections:",
                                       "  - match: {tag: a}",
                                       "    schedule: {every: 1h}"};
  Rng rng(7);
  std::size_t failed = 0;
  for (int round = 0; round < 1'500; ++round) {
    std::string text;
    for (std::string line : lines) {
      const bool secret = line.find(marker) != std::string::npos;
      if (!secret && rng.chance(0.1)) {
        constexpr std::string_view alphabet = "az: -#{}[]\"'&*!|>%$\n";
        line[rng.below(line.size())] = alphabet[rng.below(alphabet.size())];
      }
      if (rng.chance(0.03)) continue;
      if (rng.chance(0.03)) line = "  " + line;
      text += line + "\n";
    }
    const Loaded loaded = load(text);
    if (!loaded.ok()) ++failed;
    ASSERT_FALSE(leaks(loaded)) << text << lines_of(loaded.problems);
  }
  EXPECT_GT(failed, 500U);
}

}  // namespace
}  // namespace syncwarden::settings
