#include "api/cli/file_upload.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/base/file.h"
#include "common/http/server.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace lectern::cli {
namespace {

using lectern::testing::StatusIs;
using lectern::testing::TempDir;
using ::testing::HasSubstr;

// A tus server that keeps one upload in memory and goes wrong when it is told to.
class FakeTus {
 public:
  FakeTus() {
    auto server = http::Server::Start(
        {}, [this](const http::RequestHead& head, http::BodyReader& body) { return Handle(head, body); });
    EXPECT_OK(server);
    server_ = *std::move(server);
  }

  UploadTarget Target(const std::string& token = "good") const {
    return {absl::StrCat("http://127.0.0.1:", server_->port(), "/uploads"),
            absl::StrCat("http://127.0.0.1:", server_->port(), "/uploads/1"), token};
  }
  // The next PATCHes are answered with these instead; `keep` of their bytes are stored all the same.
  void Trouble(int status, size_t keep = 0) {
    absl::MutexLock lock(&mu_);
    troubles_.push_back({status, keep});
  }
  void Expect(const std::string& token) {
    absl::MutexLock lock(&mu_);
    token_ = token;
  }
  void Exists(const std::string& stored) {
    absl::MutexLock lock(&mu_);
    stored_ = stored;
  }
  std::string stored() {
    absl::MutexLock lock(&mu_);
    return stored_.value_or("(none)");
  }
  std::string calls() {
    absl::MutexLock lock(&mu_);
    return calls_;
  }

 private:
  http::Awaitable<http::Response> Handle(const http::RequestHead& head, http::BodyReader& body) {
    const std::string method(head.method);
    const std::string authorization(head.Find("Authorization"));
    uint64_t offset = 0;
    (void)absl::SimpleAtoi(head.Find("Upload-Offset"), &offset);
    const bool tus = head.Find("Tus-Resumable") == "1.0.0";
    absl::StatusOr<std::string> bytes = co_await body.ReadAll(64 << 20);
    if (!bytes.ok() || !tus) co_return http::ErrorResponse(400, "INVALID_ARGUMENT", "broken request");
    co_return Answer(method, authorization, offset, *bytes);
  }

  http::Response Answer(const std::string& method, const std::string& authorization, uint64_t offset,
                        const std::string& bytes) {
    absl::MutexLock lock(&mu_);
    absl::StrAppend(&calls_, method, " ");
    if (authorization != absl::StrCat("Bearer ", token_))
      return http::ErrorResponse(401, "UNAUTHENTICATED", "the token has ended");
    if (method == "POST") {
      stored_ = "";
      return http::TextResponse(201, "");
    }
    if (!stored_) return http::ErrorResponse(404, "NOT_FOUND", "no such upload");
    if (method == "PATCH") {
      if (!troubles_.empty()) {
        const auto [status, keep] = troubles_.front();
        troubles_.pop_front();
        *stored_ += bytes.substr(0, keep);
        return http::ErrorResponse(status, "X", "as told");
      }
      if (offset != stored_->size()) return http::ErrorResponse(409, "ABORTED", "wrong offset");
      *stored_ += bytes;
    }
    http::Response response;
    response.status = method == "PATCH" ? 204 : 200;
    response.headers.emplace_back("Upload-Offset", absl::StrCat(stored_->size()));
    return response;
  }

  absl::Mutex mu_;
  std::optional<std::string> stored_ ABSL_GUARDED_BY(mu_);
  std::string token_ ABSL_GUARDED_BY(mu_) = "good";
  std::string calls_ ABSL_GUARDED_BY(mu_);
  std::deque<std::pair<int, size_t>> troubles_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<http::Server> server_;
};

class FileUploadTest : public ::testing::Test {
 protected:
  FileUploadTest() : content_(MakeContent()) {
    EXPECT_OK(WriteFileAtomically(dir_ / "talk.mp4", content_));
    file_ = Fd(open((dir_ / "talk.mp4").c_str(), O_RDONLY | O_CLOEXEC));
  }

  static std::string MakeContent() {
    std::string content;
    for (int i = 0; i < 100000; ++i) absl::StrAppend(&content, i, ",");
    return content;
  }

  absl::Status Send(UploadTarget target) {
    FileUploadOptions options;
    options.fd = file_.get();
    options.size_bytes = content_.size();
    options.file_name = "talk.mp4";
    options.piece_bytes = 100000;
    options.pause = absl::Milliseconds(1);
    options.patience = patience_;
    options.renew = [this]() -> absl::StatusOr<UploadTarget> {
      ++renewals_;
      return server_.Target("fresh");
    };
    FileUpload upload(RealClock(), interrupt_, progress_, std::move(options));
    return upload.Run(std::move(target));
  }

  TempDir dir_;
  FakeTus server_;
  Interrupt interrupt_;
  Progress progress_{RealClock(), false};
  const std::string content_;
  Fd file_;
  absl::Duration patience_ = absl::Hours(1);
  int renewals_ = 0;
};

TEST_F(FileUploadTest, CreatesTheUploadAndSendsAllOfIt) {
  EXPECT_OK(Send(server_.Target()));
  EXPECT_EQ(server_.stored(), content_);
  EXPECT_THAT(server_.calls(), ::testing::StartsWith("HEAD POST HEAD PATCH PATCH "));
}

TEST_F(FileUploadTest, GoesOnWhereTheServerStopped) {
  server_.Exists(content_.substr(0, 500000));
  EXPECT_OK(Send(server_.Target()));
  EXPECT_EQ(server_.stored(), content_);
  EXPECT_EQ(server_.calls(), "HEAD PATCH ");
}

TEST_F(FileUploadTest, AsksForTheOffsetAfterTrouble) {
  server_.Exists("");
  server_.Trouble(503, 1234);  // stored a part before it failed
  server_.Trouble(409);
  server_.Trouble(423);
  EXPECT_OK(Send(server_.Target()));
  EXPECT_EQ(server_.stored(), content_);
  EXPECT_THAT(server_.calls(), HasSubstr("PATCH HEAD PATCH HEAD PATCH HEAD PATCH"));
}

TEST_F(FileUploadTest, FetchesAFreshTokenWhenItsOwnHasEnded) {
  server_.Exists("");
  server_.Expect("fresh");
  EXPECT_OK(Send(server_.Target("stale")));
  EXPECT_EQ(renewals_, 1);
  EXPECT_EQ(server_.stored(), content_);
}

TEST_F(FileUploadTest, GivesUpWhereNoTokenIsGoodEnough) {
  server_.Expect("something else");
  EXPECT_THAT(Send(server_.Target()), StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST_F(FileUploadTest, SendsDamagedBytesOnceAgain) {
  server_.Exists("");
  server_.Trouble(460);
  EXPECT_OK(Send(server_.Target()));
  EXPECT_EQ(server_.stored(), content_);
}

TEST_F(FileUploadTest, EndsWhenBytesAreDamagedTwice) {
  server_.Exists("");
  server_.Trouble(460);
  server_.Trouble(460);
  EXPECT_THAT(Send(server_.Target()), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(FileUploadTest, SaysWhatToDoWhenTheDiskIsFull) {
  server_.Exists("");
  server_.Trouble(507);
  const absl::Status status = Send(server_.Target());
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(std::string(status.message()), HasSubstr("no space left"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("as told"));
}

TEST_F(FileUploadTest, EndsAtOnceWhereTheFileIsTooLarge) {
  server_.Exists("");
  server_.Trouble(413);
  EXPECT_THAT(Send(server_.Target()), StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(server_.calls(), "HEAD PATCH ");
}

TEST_F(FileUploadTest, EndsWithItsPatience) {
  patience_ = absl::ZeroDuration();
  UploadTarget nobody = server_.Target();
  nobody.upload_url = "http://127.0.0.1:1/uploads/1";
  EXPECT_THAT(Send(nobody), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(FileUploadTest, StopsOnAnInterruptAndKeepsWhatIsStored) {
  server_.Exists("");
  raise(SIGINT);
  EXPECT_THAT(Send(server_.Target()), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_EQ(server_.stored(), "");
}

}  // namespace
}  // namespace lectern::cli
