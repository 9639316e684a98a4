#include "airbyte/impl/json_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace syncwarden::airbyte {
namespace {

using ::testing::HasSubstr;

const Shape& list_shape() {
  static const Shape shape{
      "", {{"items", {{"id", {}}, {"name", {}}, {"inner", {{"x", {}}}}, {"tags", {{"name", {}}}}}, true}}};
  return shape;
}

std::vector<Node> read_in_chunks(const std::string& text, std::size_t size,
                                 std::optional<std::string>* fault) {
  std::vector<Node> items;
  Reader reader(list_shape(), [&items](const Node& node) { items.push_back(node); });
  for (std::size_t i = 0; i < text.size(); i += size) {
    if (!reader.feed(std::string_view(text).substr(i, size))) break;
  }
  *fault = reader.finish();
  return items;
}

TEST(Reader, EveryChunkSizeReadsTheSame) {
  const std::string text =
      R"({"before":{"items":[1,2,{"id":3}]},"items":[{"id":9223372036854775807,"na\u006de":"é\n",)"
      R"("skip":[{"inner":{"x":1}},[[]]],"inner":{"x":2.5,"y":[{}]},"tags":[{"name":"a"},{"name":"b"}]},)"
      R"({"id":"7","inner":null,"name":4}],"after":1})";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    std::optional<std::string> fault;
    const auto items = read_in_chunks(text, size, &fault);
    ASSERT_FALSE(fault) << size << ": " << *fault;
    ASSERT_EQ(items.size(), 2U) << size;
    EXPECT_EQ(items[0]["id"].integer(), 9223372036854775807) << size;
    EXPECT_EQ(items[0]["name"].text(), "\xC3\xA9\n") << size;
    EXPECT_TRUE(items[0]["skip"].is_absent());
    EXPECT_FALSE(items[0]["inner"]["x"].integer());
    ASSERT_EQ(items[0]["tags"].elements.size(), 2U);
    EXPECT_EQ(items[0]["tags"].elements[1]["name"].text(), "b");
    EXPECT_EQ(items[1]["id"].id_number(), 7);
    EXPECT_FALSE(items[1]["id"].integer());
    EXPECT_FALSE(items[1]["name"].text());
    EXPECT_TRUE(items[1]["inner"].is_absent());
  }
}

TEST(Reader, SaysWhatIsWrong) {
  struct Case {
    const char* body;
    const char* message;
  };
  for (const auto& [body, message] : std::vector<Case>{
           {"", "empty"},
           {"  \n", "empty"},
           {"<html><body>Sign in</body></html>", "HTML"},
           {"\n <!DOCTYPE html>", "HTML"},
           {R"({"items":[{"id":1})", "ends in the middle"},
           {"Object not found.", "no JSON"},
           {R"({"items":[nope]})", "no JSON"},
       }) {
    std::optional<std::string> fault;
    read_in_chunks(body, 5, &fault);
    ASSERT_TRUE(fault) << body;
    EXPECT_THAT(*fault, HasSubstr(message)) << body;
  }
}

TEST(Reader, DepthBombEndsEarly) {
  std::optional<std::string> fault;
  read_in_chunks(R"({"catalog":)" + std::string(100'000, '['), 1'000, &fault);
  ASSERT_TRUE(fault);
  EXPECT_THAT(*fault, HasSubstr("deeply"));
}

TEST(Reader, KeepsLittleOfWhatIsHuge) {
  std::string text = R"({"items":[{"id":1,"name":")" + std::string(100'000, 'x') + R"(","tags":[)";
  for (int i = 0; i < 1'000; ++i) text += R"({"name":")" + std::to_string(i) + R"("},)";
  text += R"({"name":"last"}]}]})";
  std::optional<std::string> fault;
  const auto items = read_in_chunks(text, 4'096, &fault);
  ASSERT_FALSE(fault);
  ASSERT_EQ(items.size(), 1U);
  EXPECT_EQ(items[0]["name"].string.size(), 2'048U);
  EXPECT_EQ(items[0]["tags"].seen, 1'001U);
  EXPECT_LE(items[0]["tags"].elements.size(), 128U);
  EXPECT_EQ(items[0]["tags"].elements.back()["name"].text(), "last");
}

TEST(Reader, BadUtf8InOneNameHidesNothing) {
  std::optional<std::string> fault;
  const auto items = read_in_chunks("{\"items\":[{\"id\":1,\"name\":\"a\xFFz\"},{\"id\":2}]}", 3, &fault);
  ASSERT_FALSE(fault);
  EXPECT_EQ(items.size(), 2U);
}

TEST(Reader, TheLastOfDuplicateKeysWins) {
  std::optional<std::string> fault;
  const auto items = read_in_chunks(R"({"items":[{"id":1,"id":2}]})", 100, &fault);
  ASSERT_EQ(items.size(), 1U);
  EXPECT_EQ(items[0]["id"].integer(), 2);
}

}  // namespace
}  // namespace syncwarden::airbyte
