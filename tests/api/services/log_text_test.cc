#include "api/services/log_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace lectern::api {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(LogTextTest, WhatOpensSomethingIsNotShown) {
  const std::pair<const char*, const char*> cases[] = {
      {"rtsp://admin:hunter2@10.0.0.7/stream1: 401 Unauthorized", "rtsp://***@10.0.0.7/stream1: 401 Unauthorized"},
      {"[in#0] rtmp://me:a@b:c@host:1935/app", "[in#0] rtmp://***@host:1935/app"},
      {"rtsp://me:pa/ss@host/x", "rtsp://***@host/x"},
      {"rtsp://me:12/3@host/x", "rtsp://***@host/x"},
      {"rtsp://me:pa?ss@host/x", "rtsp://***@host/x"},
      {"token@ https://host/a?key=1&b=2 failed", "token@ https://host/a?*** failed"},
      {"'http://host/p/eyJhbGciOiJFZERTQSJ9.eyJzdWIi.c2ln/12/comb/master.m3u8'", "'http://host/p/***/12/comb/master.m3u8'"},
      {"rtmp://host/live/lectern0123456789abcdef0123456789abcdef0123456789abcdef", "rtmp://host/live/***"},
      {"key lectern0123456789abcdef0123456789abcdef0123456789abcdef!", "key ***!"},
      {"got eyJhbGciOiJFZERTQSJ9.eyJzdWIi.c2ln, bad", "got ***, bad"},
      {"Authorization: Bearer abc.def", "Authorization: Bearer ***"},
      {"authorization: Basic bWU6eA==", "authorization: Basic ***"},
      {"sent bearer abcdef", "sent bearer ***"},
      {"password = hunter2, next", "password = ***, next"},
      {"\"stream_key\": \"abc\"", "\"stream_key\": \"***\""},
      {"?access_token=abc&x=1", "?access_token=***&x=1"},
  };
  for (const auto& [log, shown] : cases) EXPECT_EQ(WithoutSecrets(log), shown) << log;
}

TEST(LogTextTest, WordsOfPeopleStayAsTheyAre) {
  const char* const texts[] = {"",
                               "moov atom not found",
                               "frame=  120 fps= 25 q=28.0 size=     256kB time=00:00:04.80 bitrate= 436.9kbits/s speed=1x",
                               "keyframe interval 2 s, keyint=250, the key is lost",
                               "http://source.lectern/source: Invalid data found when processing input",
                               "https://example.org:8080/a/b",
                               "ada@example.org wrote: passes 2 of 3",
                               "Größe: zu groß\n\tsecond line",
                               "://",
                               "lectern 0.1.0 (lectern-worker)"};
  for (const char* text : texts) EXPECT_EQ(WithoutSecrets(text), text);
}

TEST(LogTextTest, TerminalsAreLeftAlone) { EXPECT_EQ(WithoutSecrets("\x1b[31mred\x1b[0m\r\n\x07"), "[31mred[0m\n"); }

TEST(LogTextTest, TheLineThatWasCutIsLeftOut) {
  EXPECT_EQ(LogWithoutSecrets("whole\nlast", 100), "whole\nlast");
  const std::string cut = "er2@10.0.0.7/stream1\n" + std::string(50, 'x');
  EXPECT_EQ(LogWithoutSecrets(cut, cut.size()), std::string(50, 'x'));
  EXPECT_EQ(LogWithoutSecrets(cut, cut.size() + 3), std::string(50, 'x'));
  EXPECT_THAT(LogWithoutSecrets(cut, cut.size() + 5), HasSubstr("stream1"));
  EXPECT_THAT(LogWithoutSecrets("secret" + std::string(50, 'x'), 56), Not(HasSubstr("x")));
}

}  // namespace
}  // namespace lectern::api
