// The specifications of the emulated connectors. They follow the manner of real ones (order, groups, oneOf
// with a constant, airbyte_secret, patterns) and are written for this emulator.
#include "emulator/impl/setup.hpp"

#include <algorithm>

namespace syncwarden::emulator {
namespace {

constexpr std::string_view postgres_source = R"json({
"$schema":"http://json-schema.org/draft-07/schema#","title":"Postgres Source Spec","type":"object",
"required":["host","port","database","username"],"additionalProperties":true,
"properties":{
 "host":{"title":"Host","type":"string","order":0,"description":"Where the database is"},
 "port":{"title":"Port","type":"integer","minimum":0,"maximum":65536,"default":5432,"examples":["5432"],"order":1},
 "database":{"title":"Database Name","type":"string","order":2},
 "schemas":{"title":"Schemas","type":"array","items":{"type":"string"},"minItems":0,"uniqueItems":true,"default":["public"],"order":3},
 "username":{"title":"Username","type":"string","order":4},
 "password":{"title":"Password","type":"string","airbyte_secret":true,"order":5},
 "jdbc_url_params":{"title":"JDBC URL Parameters","type":"string","order":6},
 "ssl_mode":{"title":"SSL Modes","type":"object","order":7,"oneOf":[
  {"title":"disable","required":["mode"],"additionalProperties":true,"properties":{"mode":{"type":"string","const":"disable","order":0}}},
  {"title":"prefer","required":["mode"],"additionalProperties":true,"properties":{"mode":{"type":"string","const":"prefer","order":0}}},
  {"title":"require","required":["mode"],"additionalProperties":true,"properties":{"mode":{"type":"string","const":"require","order":0}}},
  {"title":"verify-full","required":["mode","ca_certificate"],"additionalProperties":true,"properties":{
   "mode":{"type":"string","const":"verify-full","order":0},
   "ca_certificate":{"type":"string","airbyte_secret":true,"multiline":true,"order":1},
   "client_key_password":{"type":"string","airbyte_secret":true,"order":4}}}]},
 "replication_method":{"title":"Update Method","type":"object","order":8,"oneOf":[
  {"title":"Read Changes using Write-Ahead Log (CDC)","required":["method","replication_slot","publication"],"additionalProperties":true,"properties":{
   "method":{"type":"string","const":"CDC","order":1},
   "plugin":{"type":"string","enum":["pgoutput"],"default":"pgoutput","order":2},
   "replication_slot":{"type":"string","order":3},"publication":{"type":"string","order":4},
   "initial_waiting_seconds":{"type":"integer","default":1200,"minimum":120,"maximum":2400,"order":5}}},
  {"title":"Detect Changes with Xmin System Column","required":["method"],"properties":{"method":{"type":"string","const":"Xmin","order":0}}},
  {"title":"Scan Changes with User Defined Cursor","required":["method"],"properties":{"method":{"type":"string","const":"Standard","order":8}}}]},
 "tunnel_method":{"title":"SSH Tunnel Method","type":"object","order":9,"oneOf":[
  {"title":"No Tunnel","required":["tunnel_method"],"properties":{"tunnel_method":{"type":"string","const":"NO_TUNNEL","order":0}}},
  {"title":"SSH Key Authentication","required":["tunnel_method","tunnel_host","tunnel_port","tunnel_user","ssh_key"],"properties":{
   "tunnel_method":{"type":"string","const":"SSH_KEY_AUTH","order":0},"tunnel_host":{"type":"string","order":1},
   "tunnel_port":{"type":"integer","minimum":0,"maximum":65536,"default":22,"order":2},"tunnel_user":{"type":"string","order":3},
   "ssh_key":{"type":"string","airbyte_secret":true,"multiline":true,"order":4}}},
  {"title":"Password Authentication","required":["tunnel_method","tunnel_host","tunnel_port","tunnel_user","tunnel_user_password"],"properties":{
   "tunnel_method":{"type":"string","const":"SSH_PASSWORD_AUTH","order":0},"tunnel_host":{"type":"string","order":1},
   "tunnel_port":{"type":"integer","minimum":0,"maximum":65536,"default":22,"order":2},"tunnel_user":{"type":"string","order":3},
   "tunnel_user_password":{"type":"string","airbyte_secret":true,"order":4}}}]}
}})json";

constexpr std::string_view api_source = R"json({
"$schema":"http://json-schema.org/draft-07/schema#","title":"API Source Spec","type":"object",
"required":["account_id","client_secret"],"additionalProperties":true,
"properties":{
 "account_id":{"title":"Account ID","type":"string","order":0},
 "client_secret":{"title":"Secret Key","type":"string","airbyte_secret":true,"order":1},
 "start_date":{"title":"Replication start date","type":"string","format":"date-time","default":"2017-01-25T00:00:00Z",
  "pattern":"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$","examples":["2017-01-25T00:00:00Z"],"order":2},
 "lookback_window_days":{"title":"Lookback Window in days","type":"integer","minimum":0,"default":0,"order":3},
 "slice_range":{"title":"Data request time increment in days","type":"integer","minimum":1,"default":365,"order":4},
 "num_workers":{"title":"Number of concurrent workers","type":"integer","minimum":1,"maximum":20,"default":10,"order":5},
 "region":{"title":"Region","type":"string","enum":["us","eu","ap"],"default":"us","order":6}
}})json";

constexpr std::string_view s3_source = R"json({
"$schema":"http://json-schema.org/draft-07/schema#","title":"Files Source Spec","type":"object",
"required":["bucket"],"properties":{
 "bucket":{"title":"Bucket","type":"string","order":0},
 "aws_access_key_id":{"type":"string","airbyte_secret":true,"order":1},
 "aws_secret_access_key":{"type":"string","airbyte_secret":true,"order":2},
 "endpoint":{"type":"string","order":3}
}})json";

constexpr std::string_view postgres_destination = R"json({
"$schema":"http://json-schema.org/draft-07/schema#","title":"Postgres Destination Spec","type":"object",
"required":["host","port","username","database","schema"],"additionalProperties":true,
"properties":{
 "host":{"title":"Host","type":"string","order":0},
 "port":{"title":"Port","type":"integer","minimum":0,"maximum":65536,"default":5432,"order":1},
 "database":{"title":"DB Name","type":"string","order":2},
 "schema":{"title":"Default Schema","type":"string","default":"public","order":3},
 "username":{"title":"User","type":"string","order":4},
 "password":{"title":"Password","type":"string","airbyte_secret":true,"order":5},
 "ssl":{"title":"SSL Connection","type":"boolean","default":false,"order":6},
 "drop_cascade":{"title":"Drop tables with CASCADE","type":"boolean","default":false,"order":7},
 "tunnel_method":{"title":"SSH Tunnel Method","type":"object","order":8,"oneOf":[
  {"title":"No Tunnel","required":["tunnel_method"],"properties":{"tunnel_method":{"type":"string","const":"NO_TUNNEL","order":0}}},
  {"title":"SSH Key Authentication","required":["tunnel_method","tunnel_host","tunnel_port","tunnel_user","ssh_key"],"properties":{
   "tunnel_method":{"type":"string","const":"SSH_KEY_AUTH","order":0},"tunnel_host":{"type":"string","order":1},
   "tunnel_port":{"type":"integer","minimum":0,"maximum":65536,"default":22,"order":2},"tunnel_user":{"type":"string","order":3},
   "ssh_key":{"type":"string","airbyte_secret":true,"multiline":true,"order":4}}}]}
}})json";

constexpr std::string_view s3_destination = R"json({
"$schema":"http://json-schema.org/draft-07/schema#","title":"S3 Destination Spec","type":"object",
"required":["s3_bucket_name","s3_bucket_path","s3_bucket_region","format"],"additionalProperties":true,
"properties":{
 "access_key_id":{"title":"S3 Key ID","type":"string","airbyte_secret":true,"order":0},
 "secret_access_key":{"title":"S3 Access Key","type":"string","airbyte_secret":true,"order":1},
 "role_arn":{"title":"Role ARN","type":"string","order":2},
 "s3_bucket_name":{"title":"S3 Bucket Name","type":"string","order":3},
 "s3_bucket_path":{"title":"S3 Bucket Path","type":"string","order":4},
 "s3_bucket_region":{"title":"S3 Bucket Region","type":"string","default":"","enum":["","eu-central-1","eu-west-1","us-east-1","us-west-2"],"order":5},
 "s3_endpoint":{"title":"Endpoint (MinIO and others)","type":"string","default":"","order":6},
 "s3_path_format":{"type":"string","order":7},
 "format":{"title":"Output Format","type":"object","order":8,"oneOf":[
  {"title":"CSV: Comma-Separated Values","required":["format_type","flattening"],"properties":{
   "format_type":{"type":"string","enum":["CSV"],"default":"CSV"},
   "flattening":{"type":"string","enum":["No flattening","Root level flattening"],"default":"No flattening"},
   "compression":{"type":"object","oneOf":[
    {"title":"No Compression","properties":{"compression_type":{"type":"string","enum":["No Compression"],"default":"No Compression"}}},
    {"title":"GZIP","properties":{"compression_type":{"type":"string","enum":["GZIP"],"default":"GZIP"}}}]}}},
  {"title":"JSON Lines: Newline-delimited JSON","required":["format_type"],"properties":{
   "format_type":{"type":"string","enum":["JSONL"],"default":"JSONL"},
   "flattening":{"type":"string","enum":["No flattening","Root level flattening"],"default":"No flattening"}}},
  {"title":"Parquet: Columnar Storage","required":["format_type"],"properties":{
   "format_type":{"type":"string","enum":["Parquet"],"default":"Parquet"},
   "compression_codec":{"type":"string","enum":["UNCOMPRESSED","SNAPPY","GZIP"],"default":"UNCOMPRESSED"},
   "block_size_mb":{"type":"integer","default":128}}}]}
}})json";

constexpr std::string_view warehouse_destination = R"json({
"$schema":"http://json-schema.org/draft-07/schema#","title":"Warehouse Destination Spec","type":"object",
"required":["host","database"],"additionalProperties":true,
"properties":{
 "host":{"title":"Host or account","type":"string","order":0},
 "database":{"title":"Database or project","type":"string","order":1},
 "schema":{"title":"Default Schema","type":"string","order":2},
 "username":{"title":"Username","type":"string","order":3},
 "password":{"title":"Password or key","type":"string","airbyte_secret":true,"order":4}
}})json";

}  // namespace

const Definition* definition_of(const DefinitionId& id) {
  const auto& all = definitions();
  const auto at = std::find_if(all.begin(), all.end(), [&](const Definition& each) { return each.id == id; });
  return at == all.end() ? nullptr : &*at;
}

std::string_view specification_of(const Definition& definition) {
  const auto& connector = definition.connector;
  if (definition.source) {
    if (connector == "postgres" || connector == "mysql") return postgres_source;
    return connector == "s3" ? s3_source : api_source;
  }
  if (connector == "postgres") return postgres_destination;
  return connector == "s3" ? s3_destination : warehouse_destination;
}

std::vector<std::string_view> destination_sync_modes(const Definition& definition) {
  if (definition.connector == "s3") return {"append", "overwrite"};
  return {"overwrite", "append", "append_dedup"};
}

std::string configuration_of(const ActorRecord& record) {
  if (!record.configuration.empty()) return record.configuration;
  const auto* definition = definition_of(record.actor.definition);
  const std::string_view connector = definition == nullptr ? std::string_view{} : definition->connector;
  if (connector == "s3" && record.source)
    return R"({"bucket":"events","aws_access_key_id":"k","aws_secret_access_key":"s"})";
  if (connector == "s3")
    return R"({"s3_bucket_name":"lake","s3_bucket_path":"raw","s3_bucket_region":"us-east-1",)"
           R"("access_key_id":"k","secret_access_key":"s","format":{"format_type":"JSONL"}})";
  if (record.source && connector != "postgres" && connector != "mysql")
    return R"({"account_id":"acct_1","client_secret":"s","start_date":"2024-01-01T00:00:00Z"})";
  if (record.source)
    return R"({"host":"db.internal","port":5432,"database":"shop","schemas":["public"],"username":"reader",)"
           R"("password":"s","ssl_mode":{"mode":"prefer"},"replication_method":{"method":"Standard"},)"
           R"("tunnel_method":{"tunnel_method":"NO_TUNNEL"}})";
  return R"({"host":"warehouse.internal","port":5432,"database":"dwh","schema":"public","username":"loader",)"
         R"("password":"s"})";
}

}  // namespace syncwarden::emulator
