// Configurations against schemas in the manner of real connectors.
#include "provision/configuration.hpp"

#include <gtest/gtest.h>

namespace syncwarden::provision {
namespace {

const JsonText postgres{R"json({
"$schema":"http://json-schema.org/draft-07/schema#","title":"Postgres","type":"object",
"required":["host","port","database"],"additionalProperties":true,
"properties":{
 "host":{"type":"string","order":0},
 "port":{"type":"integer","minimum":0,"maximum":65536,"default":5432,"examples":["5432"]},
 "database":{"type":"string"},
 "schemas":{"type":"array","items":{"type":"string"},"minItems":1,"uniqueItems":true},
 "password":{"type":"string","airbyte_secret":true},
 "ssl":{"type":"boolean","default":false},
 "start_date":{"type":"string","pattern":"^[0-9]{4}-[0-9]{2}-[0-9]{2}$","examples":["2024-01-01"]},
 "region":{"type":"string","enum":["us","eu"]},
 "tunnel_method":{"type":"object","oneOf":[
  {"title":"No Tunnel","required":["tunnel_method"],"properties":{"tunnel_method":{"type":"string","const":"NO_TUNNEL"}}},
  {"title":"SSH","required":["tunnel_method","tunnel_port","ssh_key"],"properties":{
   "tunnel_method":{"type":"string","const":"SSH_KEY_AUTH"},
   "tunnel_port":{"type":"integer","default":22},
   "ssh_key":{"type":"string","airbyte_secret":true}}}]}
}})json"};

struct Wrong {
  const char* configuration;
  const char* pointer;
  const char* message;
};

class WrongConfiguration : public testing::TestWithParam<Wrong> {};

TEST_P(WrongConfiguration, IsToldAtItsPlace) {
  const Wrong& wrong = GetParam();
  const Fitted fitted = fit({wrong.configuration}, {}, postgres);
  ASSERT_EQ(fitted.faults.size(), 1U) << wrong.configuration;
  EXPECT_EQ(fitted.faults.front().pointer, wrong.pointer);
  EXPECT_EQ(fitted.faults.front().message, wrong.message);
}

INSTANTIATE_TEST_SUITE_P(
    Table, WrongConfiguration,
    testing::Values(
        Wrong{R"({"host":"h","port":"5432","database":"d"})", "/port", "must be a whole number, not text"},
        Wrong{R"({"host":"h","port":5432})", "/database", "is missing"},
        Wrong{R"({"host":1,"port":5432,"database":"d"})", "/host", "must be text, not a whole number"},
        Wrong{R"({"host":"h","port":5432.5,"database":"d"})", "/port",
              "must be a whole number, not a number"},
        Wrong{R"({"host":"h","port":70000,"database":"d"})", "/port", "must be at most 65536"},
        Wrong{R"({"host":"h","port":5432,"database":"d","ssl":"yes"})", "/ssl",
              "must be true or false, not text"},
        Wrong{R"({"host":"h","port":5432,"database":"d","schemas":"public"})", "/schemas",
              "must be a list, not text"},
        Wrong{R"({"host":"h","port":5432,"database":"d","schemas":["a",1]})", "/schemas/1",
              "must be text, not a whole number"},
        Wrong{R"({"host":"h","port":5432,"database":"d","region":"mars"})", "/region",
              "is none of the offered values"},
        Wrong{R"({"host":"h","port":5432,"database":"d","start_date":"yesterday"})", "/start_date",
              R"(does not look like "^[0-9]{4}-[0-9]{2}-[0-9]{2}$")"},
        Wrong{R"({"host":"h","port":5432,"database":"d","tunnel_method":{"tunnel_method":"VPN"}})",
              "/tunnel_method/tunnel_method", "is none of the offered choices"},
        Wrong{R"({"host":"h","port":5432,"database":"d","tunnel_method":{}})", "/tunnel_method/tunnel_method",
              "is missing"},
        Wrong{
            R"({"host":"h","port":5432,"database":"d","tunnel_method":{"tunnel_method":"SSH_KEY_AUTH","tunnel_port":22}})",
            "/tunnel_method/ssh_key", "is missing"},
        Wrong{
            R"({"host":"h","port":5432,"database":"d","tunnel_method":{"tunnel_method":"SSH_KEY_AUTH","tunnel_port":"22","ssh_key":"k"}})",
            "/tunnel_method/tunnel_port", "must be a whole number, not text"},
        Wrong{R"({"host":"h","port":5432,"database":"d","tunnel_method":"NO_TUNNEL"})", "/tunnel_method",
              "must be a mapping, not text"}));

TEST(Configuration, GoodOnesPass) {
  const Fitted fitted = fit(
      {R"({"host":"h","port":5432,"database":"d","tunnel_method":{"tunnel_method":"SSH_KEY_AUTH","tunnel_port":22,"ssh_key":"k"}})"},
      {}, postgres);
  EXPECT_TRUE(fitted.faults.empty());
  EXPECT_TRUE(fitted.warnings.empty());
}

TEST(Configuration, EveryFaultIsToldAtOnce) {
  EXPECT_EQ(fit({R"({"port":"x","tunnel_method":{"tunnel_method":"VPN"}})"}, {}, postgres).faults.size(), 4U);
}

TEST(Configuration, WhatTheEnvironmentBringsBecomesTheTypeThatIsWanted) {
  const Fitted fitted = fit({R"({"host":"h","port":"5432","database":"5432","ssl":"true"})"},
                            {{"/port", "5432"}, {"/database", "5432"}, {"/ssl", "true"}}, postgres);
  EXPECT_TRUE(fitted.faults.empty());
  EXPECT_EQ(fitted.configuration.text, R"({"host":"h","port":5432,"database":"5432","ssl":true})");
  EXPECT_EQ(fit({R"({"host":"h","port":"x","database":"d"})"}, {{"/port", "x"}}, postgres).faults.size(), 1U);
}

TEST(Configuration, UnknownKeysWarnWithTheNearest) {
  const Fitted fitted = fit({R"({"host":"h","port":1,"database":"d","pasword":"x"})"}, {}, postgres);
  ASSERT_EQ(fitted.warnings.size(), 1U);
  EXPECT_EQ(fitted.warnings.front().pointer, "/pasword");
  EXPECT_EQ(fitted.warnings.front().hint, "did you mean password?");
}

TEST(Configuration, ABrokenSpecificationIsAFaultAndNoCrash) {
  EXPECT_FALSE(
      fit({R"({"a":"x"})"}, {}, {R"({"type":"object","properties":{"a":{"type":"string","pattern":"("}}})"})
          .faults.empty());
}

TEST(Masking, HidesSecretsByTheSchemaByTheirOriginAndByTheirName) {
  const JsonText configuration{
      R"({"host":"h","port":5432,"password":"p","tunnel_method":{"tunnel_method":"SSH_KEY_AUTH","ssh_key":"k"},"api_token":"t","database":"from-env"})"};
  EXPECT_EQ(
      masked(configuration, postgres, {{"/database", "from-env"}}).text,
      R"({"host":"h","port":5432,"password":"<secret>","tunnel_method":{"tunnel_method":"SSH_KEY_AUTH","ssh_key":"<secret>"},"api_token":"<secret>","database":"<secret>"})");
  EXPECT_EQ(masked({R"({"password":"**********"})"}, {}).text, R"({"password":"**********"})");
}

TEST(Differences, MaskedSecretsAndDefaultsAreNone) {
  EXPECT_TRUE(differences({R"({"host":"h","port":5432,"password":"p"})"},
                          {R"({"host":"h","port":5432,"password":"**********","ssl":false})"}, postgres)
                  .empty());
}

TEST(Differences, AreToldFieldByField) {
  const auto found = differences({R"({"host":"new","port":5432,"password":"p","schemas":["a"]})"},
                                 {R"({"host":"old","port":5432,"ssl":true,"schemas":["b"]})"}, postgres);
  const std::vector<Difference> wanted{{"/host", R"("old")", R"("new")"},
                                       {"/password", "", "<secret>"},
                                       {"/schemas", R"(["b"])", R"(["a"])"},
                                       {"/ssl", "true", ""}};
  EXPECT_EQ(found, wanted);
}

}  // namespace
}  // namespace syncwarden::provision
