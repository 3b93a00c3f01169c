#include "common/http/head_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/http/chunk_decoder.h"

namespace lectern::http {
namespace {

ParseResult Parse(absl::string_view bytes, RequestHead* head = nullptr, Framing* framing = nullptr) {
  RequestHead own_head;
  Framing own_framing;
  return ParseRequestHead(bytes, head ? *head : own_head, framing ? *framing : own_framing);
}

TEST(HeadParserTest, SplitsTargetAndHeaders) {
  RequestHead head;
  Framing framing;
  absl::string_view bytes = "GET /a/b?c=d HTTP/1.1\r\nHost: h\r\nX-Y:  z \r\n\r\nrest";
  ASSERT_EQ(Parse(bytes, &head, &framing), ParseResult::kComplete);
  EXPECT_EQ(head.method, "GET");
  EXPECT_EQ(head.path, "/a/b");
  EXPECT_EQ(head.query, "c=d");
  EXPECT_EQ(head.Find("x-y"), "z");
  EXPECT_EQ(bytes.substr(framing.head_bytes), "rest");
  EXPECT_TRUE(framing.keep_alive);
  EXPECT_FALSE(head.has_body);
}

TEST(HeadParserTest, WaitsForTheWholeHead) {
  absl::string_view bytes = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  for (size_t length = 1; length < bytes.size(); ++length) {
    EXPECT_EQ(Parse(bytes.substr(0, length)), ParseResult::kNeedMore) << length;
  }
}

class BadHead : public ::testing::TestWithParam<const char*> {};

TEST_P(BadHead, IsRefused) {
  EXPECT_EQ(Parse(GetParam()), ParseResult::kBad) << GetParam();
}

INSTANTIATE_TEST_SUITE_P(
    Hostile, BadHead,
    ::testing::Values("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
                      "GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
                      "GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
                      "GET / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
                      "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n",
                      "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 3, 3\r\n\r\n",
                      "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: +3\r\n\r\n",
                      "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
                      "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 18446744073709551616\r\n\r\n",
                      "GET / HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n\r\n", "GET / HTTP/1.1\nHost: h\n\n",
                      "GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n folded\r\n\r\n",
                      "GET / HTTP/1.1\r\nHost: h\r\nX : a\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\n: a\r\n\r\n",
                      "GET / HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
                      "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET /\r\n\r\n",
                      "GET  / HTTP/1.1\r\nHost: h\r\n\r\n", "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n",
                      "GET http://x/ HTTP/1.1\r\nHost: h\r\n\r\n", "G(T / HTTP/1.1\r\nHost: h\r\n\r\n",
                      "GET / HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n", "GET /\x01 HTTP/1.1\r\nHost: h\r\n\r\n",
                      " GET / HTTP/1.1\r\nHost: h\r\n\r\n", "\x16\x03\x01\x02\n"));

TEST(HeadParserTest, RefusesANulByte) {
  EXPECT_EQ(Parse(absl::string_view("GET / HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n", 36)), ParseResult::kBad);
}

TEST(HeadParserTest, NamesWhatItDoesNotSupport) {
  EXPECT_EQ(Parse("GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"), ParseResult::kUnsupported);
  EXPECT_EQ(Parse("GET / HTTP/2.0\r\nHost: h\r\n\r\n"), ParseResult::kBadVersion);
}

TEST(HeadParserTest, KeepsHttp10ConnectionsOnlyWhenAsked) {
  Framing framing;
  ASSERT_EQ(Parse("GET / HTTP/1.0\r\n\r\n", nullptr, &framing), ParseResult::kComplete);
  EXPECT_FALSE(framing.keep_alive);
  ASSERT_EQ(Parse("GET / HTTP/1.0\r\nConnection: x, Keep-Alive\r\n\r\n", nullptr, &framing), ParseResult::kComplete);
  EXPECT_TRUE(framing.keep_alive);
}

TEST(ResponseHeadTest, ReadsStatusAndLength) {
  ResponseHead head;
  Framing framing;
  EXPECT_EQ(ParseResponseHead("HTTP/1.1 206 Partial\r\nContent-Length: 5\r\nETag: \"x\"\r\n\r\n", head, framing),
            ParseResult::kComplete);
  EXPECT_EQ(head.status, 206);
  EXPECT_EQ(head.content_length, 5);
  EXPECT_EQ(head.Find("etag"), "\"x\"");
  EXPECT_EQ(ParseResponseHead("HTTP/1.1 2x6 \r\n\r\n", head, framing), ParseResult::kBad);
  EXPECT_EQ(ParseResponseHead("ICY 200 OK\r\n\r\n", head, framing), ParseResult::kBad);
}

// Decodes with input and output cut into pieces of the given sizes. "BAD" for broken framing.
std::string Decode(absl::string_view wire, size_t in_step, size_t out_step) {
  ChunkDecoder decoder;
  std::string out;
  std::string piece(out_step, '\0');
  while (!wire.empty()) {
    ChunkDecoder::Step step = decoder.Decode(wire.substr(0, in_step), absl::MakeSpan(piece));
    if (step.bad) return "BAD";
    out.append(piece, 0, step.produced);
    wire.remove_prefix(step.consumed);
    if (step.done) return absl::StrCat(out, "|", wire);
  }
  return absl::StrCat(out, "...");
}

TEST(ChunkDecoderTest, DecodesHoweverTheBytesAreCut) {
  absl::string_view wire = "5;x=\"y\"\r\nhello\r\n1\r\n \r\n5 \r\nworld\r\n0\r\nTrailer: x\r\n\r\nnext";
  for (size_t in = 1; in <= wire.size(); ++in) {
    for (size_t out : {1, 2, 5, 100}) {
      std::string decoded = Decode(wire, in, out);
      EXPECT_EQ(decoded.substr(0, 12), "hello world|") << in << " " << out;
    }
  }
}

TEST(ChunkDecoderTest, RefusesBrokenFraming) {
  for (const char* wire : {"\r\n", "g\r\n", "5\nhello", "5\r\nhelloX\r\n", "-5\r\n", "0x5\r\n", "1\r\na\n",
                           "0\r\nbad\ntrailer", "FFFFFFFFFFFFFFFF\r\n", "0000000000000000000005\r\n"}) {
    EXPECT_EQ(Decode(wire, 100, 100), "BAD") << wire;
  }
}

TEST(ChunkDecoderTest, BoundsExtensionsAndTrailers) {
  EXPECT_EQ(Decode(absl::StrCat("1;", std::string(10000, 'x'), "\r\n"), 1000, 100), "BAD");
  std::string trailers = "0\r\n";
  for (int i = 0; i < 2000; ++i) absl::StrAppend(&trailers, "a: b\r\n");
  EXPECT_EQ(Decode(trailers, 1000, 100), "BAD");
}

}  // namespace
}  // namespace lectern::http
