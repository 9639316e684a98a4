// Streams chosen by name or glob, completed and checked by what there is.
#include "provision/streams.hpp"

#include <gtest/gtest.h>

namespace syncwarden::provision {
namespace {

CatalogStream table(const char* name, bool incremental = true, bool keyed = true) {
  CatalogStream stream;
  stream.name = name;
  stream.space = "public";
  stream.sync_modes = {"full_refresh"};
  if (incremental) stream.sync_modes.emplace_back("incremental");
  if (keyed) stream.source_defined_key = {{"id"}};
  stream.fields = {"id", "updated_at", "amount"};
  stream.raw = {R"({"name":"x"})"};
  return stream;
}

Catalog shop() {
  Catalog catalog;
  catalog.streams = {table("orders"), table("order_items"), table("audit_log", false, false)};
  CatalogStream charges = table("charges");
  charges.space.clear();
  charges.source_defined_cursor = true;
  charges.default_cursor = {"created"};
  catalog.streams.push_back(charges);
  return catalog;
}

StreamWish wish(const char* pattern, const char* sync = "", const char* destination = "",
                const char* cursor = "") {
  StreamWish made;
  made.pattern = pattern;
  made.sync_mode = sync;
  made.destination_sync_mode = destination;
  if (*cursor != '\0') made.cursor = FieldPath{cursor};
  made.pointer = "/streams/0";
  return made;
}

TEST(Streams, GlobsTakeSeveralAndTheFirstWishDecides) {
  const auto chosen = choose_streams(
      shop(),
      {wish("orders", "full_refresh", "overwrite"), wish("order*", "incremental", "append", "updated_at")},
      {}, {});
  ASSERT_TRUE(chosen.faults.empty());
  ASSERT_EQ(chosen.streams.size(), 2U);
  EXPECT_EQ(chosen.streams[0].sync_mode, "full_refresh");
  EXPECT_EQ(chosen.streams[1].name, "order_items");
  EXPECT_EQ(chosen.streams[1].cursor, (FieldPath{"updated_at"}));
}

TEST(Streams, WhatIsNotSaidFitsTheStream) {
  const auto chosen = choose_streams(shop(), {wish("*")}, {"append", "overwrite", "append_dedup"}, {});
  ASSERT_TRUE(chosen.faults.empty());
  EXPECT_EQ(chosen.streams[0].sync_mode, "full_refresh") << "orders has no cursor of its own";
  EXPECT_EQ(chosen.streams[0].destination_sync_mode, "overwrite");
  EXPECT_EQ(chosen.streams[3].sync_mode, "incremental") << "the source of charges defines its cursor";
  EXPECT_EQ(chosen.streams[3].destination_sync_mode, "append_dedup");
  EXPECT_EQ(choose_streams(shop(), {wish("charges")}, {"append"}, {}).streams[0].destination_sync_mode,
            "append");
}

struct Wrong {
  StreamWish wish;
  const char* pointer;
  const char* message;
  const char* hint;
};

TEST(Streams, WrongWishesNameWhatThereIs) {
  StreamWish key = wish("orders", "incremental", "append_dedup", "updated_at");
  key.primary_key = std::vector<FieldPath>{{"idd"}};
  StreamWish no_key = wish("audit_log", "full_refresh", "overwrite_dedup");
  const Wrong table_of[] = {
      {wish("odrers"), "/streams/0", "the source has no stream \"odrers\"", "did you mean orders?"},
      {wish("zzz*"), "/streams/0", "the source has no stream \"zzz*\"", "it has: public.orders"},
      {wish("audit_log", "incremental", "append", "updated_at"), "/streams/0/sync_mode",
       "it cannot be synced incremental", "it can: full_refresh"},
      {wish("orders", "incremental", "append"), "/streams/0", "incremental needs a cursor",
       "id, updated_at, amount"},
      {wish("orders", "incremental", "append", "update_at"), "/streams/0/cursor",
       "it has no field \"update_at\"", "did you mean updated_at?"},
      {wish("orders", "full_refresh", "upsert"), "/streams/0/destination_sync_mode",
       "the destination does not take upsert", "it takes: append, overwrite"},
      {wish("charges", "incremental", "append", "amount"), "/streams/0/cursor",
       "the source itself defines the cursor: created", "leave cursor out"},
      {key, "/streams/0/primary_key", "it has no field \"idd\"", "did you mean id?"},
      {no_key, "/streams/0", "overwrite_dedup needs a primary key", "primary_key names fields"},
  };
  for (const Wrong& wrong : table_of) {
    const auto chosen =
        choose_streams(shop(), {wrong.wish}, {"append", "overwrite", "append_dedup", "overwrite_dedup"}, {});
    ASSERT_EQ(chosen.faults.size(), 1U) << wrong.message;
    EXPECT_EQ(chosen.faults.front().pointer, wrong.pointer);
    EXPECT_NE(chosen.faults.front().message.find(wrong.message), std::string::npos)
        << chosen.faults.front().message;
    EXPECT_NE(chosen.faults.front().hint.find(wrong.hint), std::string::npos) << chosen.faults.front().hint;
  }
}

TEST(Streams, NamedTwiceIsAFault) {
  EXPECT_EQ(choose_streams(shop(), {wish("orders"), wish("orders")}, {}, {}).faults.size(), 1U);
}

TEST(Streams, WhatNobodyChoosesHereIsKept) {
  StreamChoice before;
  before.name = "orders";
  before.space = "public";
  before.kept = {R"({"mappers":[1]})"};
  const auto chosen = choose_streams(shop(), {wish("orders")}, {}, {before});
  EXPECT_EQ(chosen.streams.front().kept.text, R"({"mappers":[1]})");
}

}  // namespace
}  // namespace syncwarden::provision
