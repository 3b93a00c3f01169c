// The parts of a session that need no process: what is saved, what is held, what an encoder calls itself.
#include <filesystem>
#include <vector>

#include "common/base/file.h"
#include "rtmp_proxy/sessions/encoder_name.h"
#include "rtmp_proxy/sessions/held_media.h"
#include "rtmp_proxy/sessions/saved_session.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace lectern::proxy {
namespace {

using ::testing::IsEmpty;

rtmp::MediaMessage Picture(int64_t timestamp_ms, size_t bytes = 100) {
  std::string payload(bytes, 'x');
  payload.replace(0, 2, "\x17\x01", 2);
  return {rtmp::MediaMessage::kVideo, timestamp_ms, std::make_shared<const std::string>(payload)};
}

TEST(SavedSessionTest, IsReadAsItWasWritten) {
  testing::TempDir dir;
  SessionFolder folder(dir.path() + "/sessions");
  SavedSession session{"liveStreams/12", "lectures/3", "cam", "hash", "192.0.2.1", 1'800'000'000'000, -250};
  ASSERT_OK(folder.Save("name", session));
  std::map<std::string, SavedSession> all = folder.LoadAll();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all["name"].stream, session.stream);
  EXPECT_EQ(all["name"].view, "cam");
  EXPECT_EQ(all["name"].start_ms, session.start_ms);
  EXPECT_EQ(all["name"].api_ahead_ms, -250);
  folder.Remove("name");
  EXPECT_THAT(folder.LoadAll(), IsEmpty());
}

TEST(SavedSessionTest, NoFieldCanSmuggleInAnother) {
  testing::TempDir dir;
  SessionFolder folder(dir.path());
  ASSERT_OK(folder.Save("name", {"", "", "comb", "hash", "192.0.2.1\nstream liveStreams/99", 1, 1}));
  EXPECT_EQ(folder.LoadAll()["name"].stream, "");
}

TEST(SavedSessionTest, DamagedFilesAreRemoved) {
  testing::TempDir dir;
  ASSERT_OK(WriteFileAtomically(dir.path() + "/bad", "stream nonsense\nview comb\nstart_ms x\n"));
  EXPECT_THAT(SessionFolder(dir.path()).LoadAll(), IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(dir.path() + "/bad"));
}

TEST(HeldMediaTest, GivesBackWhatItGotWithPositions) {
  testing::TempDir dir;
  testing::FakeClock clock;
  absl::StatusOr<std::unique_ptr<HeldMedia>> held = HeldMedia::Create(dir.path() + "/held/x", 1 << 20, clock);
  ASSERT_OK(held);
  for (int i = 0; i < 100; ++i) {
    (*held)->Append(Picture(5000 + i * 40));
    clock.Advance(absl::Milliseconds(40));
  }
  std::vector<int64_t> positions;
  ASSERT_OK((*held)->Replay([&](const rtmp::MediaMessage& message) {
    EXPECT_EQ(message.size(), 100u);
    positions.push_back(message.timestamp_ms);
  }));
  ASSERT_EQ(positions.size(), 100u);
  EXPECT_EQ(positions.front(), 0);
  EXPECT_EQ(positions.back(), 99 * 40);
  held->reset();
  EXPECT_FALSE(std::filesystem::exists(dir.path() + "/held/x"));
}

TEST(HeldMediaTest, KeepsTheBeginningWhereItBecomesTooMuch) {
  testing::TempDir dir;
  testing::FakeClock clock;
  absl::StatusOr<std::unique_ptr<HeldMedia>> held = HeldMedia::Create(dir.path() + "/x", 10'000, clock);
  ASSERT_OK(held);
  for (int i = 0; i < 100; ++i) (*held)->Append(Picture(i * 40, 1000));
  (*held)->Append(Picture(4000, 10));
  int count = 0;
  ASSERT_OK((*held)->Replay([&](const rtmp::MediaMessage& message) { EXPECT_EQ(message.timestamp_ms, 40 * count++); }));
  EXPECT_EQ(count, 9);
  EXPECT_EQ((*held)->lost_messages(), 92);
  EXPECT_LE((*held)->bytes(), 10'000);
}

TEST(EncoderNameTest, IsFoundInMetadata) {
  std::string metadata("\x02\0\x0aonMetaData\x08\0\0\0\x01\0\x07" "encoder\x02\0\x0aLavf59.27.1\0\0\x09", 45);
  EXPECT_EQ(EncoderName(metadata), "Lavf59.27.");
}

TEST(EncoderNameTest, BrokenMetadataHasNone) {
  EXPECT_EQ(EncoderName(""), std::nullopt);
  EXPECT_EQ(EncoderName(absl::string_view("\0\x07" "encoder\x02\0", 11)), std::nullopt);
  EXPECT_EQ(EncoderName(absl::string_view("\0\x07" "encoder\x02\xff\xff" "ab\n", 15)), "ab?");
}

}  // namespace
}  // namespace lectern::proxy
