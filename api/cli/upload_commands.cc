// lecture upload: a recording from a file to a playable lecture.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include <cerrno>
#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "api/cli/command.h"
#include "api/cli/connection.h"
#include "api/cli/fields.h"
#include "api/cli/file_upload.h"
#include "api/cli/fingerprint.h"
#include "api/cli/interrupt.h"
#include "api/cli/lecture_text.h"
#include "api/cli/progress.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "lectern/v1/lectures.pb.h"

namespace lectern::cli {
namespace {

constexpr absl::Duration kPoll = absl::Milliseconds(500);

struct UploadOptions {
  v1::CreateUploadRequest request;
  std::string path;
  bool wait = false;
  int patience_seconds = 3600;
};

struct SourceFile {
  Fd fd;
  uint64_t size_bytes = 0;
};

absl::StatusOr<SourceFile> OpenSource(const std::string& path) {
  SourceFile file{Fd(open(path.c_str(), O_RDONLY | O_CLOEXEC))};
  if (!file.fd.valid()) return ErrnoStatus(errno, path);
  struct stat stat = {};
  if (fstat(file.fd.get(), &stat) != 0) return ErrnoStatus(errno, path);
  if (!S_ISREG(stat.st_mode)) return absl::InvalidArgumentError(absl::StrCat(path, " is not a file"));
  if (stat.st_size == 0) return absl::InvalidArgumentError(absl::StrCat(path, " is empty"));
  file.size_bytes = static_cast<uint64_t>(stat.st_size);
  return file;
}

absl::StatusOr<UploadTarget> CreateUpload(Connection& connection, const v1::CreateUploadRequest& request) {
  v1::Upload upload;
  RETURN_IF_ERROR(connection.Call("LectureService/CreateUpload", request, &upload));
  return UploadTarget{upload.create_url(), upload.upload_url(), upload.token()};
}

absl::Status Send(Connection& connection, const UploadOptions& options, const SourceFile& file,
                  const Interrupt& interrupt, Progress& progress) {
  FileUploadOptions upload_options;
  upload_options.fd = file.fd.get();
  upload_options.size_bytes = file.size_bytes;
  upload_options.file_name = options.request.file_name();
  upload_options.patience = absl::Seconds(options.patience_seconds);
  upload_options.renew = [&] { return CreateUpload(connection, options.request); };
  ASSIGN_OR_RETURN(UploadTarget target, CreateUpload(connection, options.request));
  FileUpload upload(RealClock(), interrupt, progress, std::move(upload_options));
  const absl::Status status = upload.Run(std::move(target));
  if (!absl::IsCancelled(status)) return status;
  progress.Note(absl::StrCat(
      "Paused with ", upload.stored_bytes() * 100 / file.size_bytes, " % stored (",
      BytesText(static_cast<double>(upload.stored_bytes())), " of ", BytesText(static_cast<double>(file.size_bytes)),
      "). The upload is kept; go on with:\n  lecternctl lecture upload ", options.request.lecture(), " --view ",
      ViewWord(options.request.view()), " ", options.path));
  return absl::CancelledError("paused");
}

const v1::LectureView* FindView(const v1::Lecture& lecture, v1::View view) {
  for (const v1::LectureView& candidate : lecture.views()) {
    if (candidate.view() == view) return &candidate;
  }
  return nullptr;
}

// A moment's trouble with the API does not end the waiting: processing goes on without it.
absl::StatusOr<v1::Lecture> GetLecture(Connection& connection, const std::string& name) {
  v1::GetLectureRequest request;
  request.set_name(name);
  v1::Lecture lecture;
  const absl::Status status = connection.Call("LectureService/GetLecture", request, &lecture);
  if (!status.ok() && !absl::IsUnavailable(status) && !absl::IsDeadlineExceeded(status)) return status;
  return lecture;
}

absl::Status WaitUntilPlayable(Connection& connection, const UploadOptions& options, const Interrupt& interrupt,
                               Progress& progress) {
  do {
    ASSIGN_OR_RETURN(const v1::Lecture lecture, GetLecture(connection, options.request.lecture()));
    const v1::LectureView* view = FindView(lecture, options.request.view());
    if (view == nullptr) continue;
    if (view->state() == v1::VIEW_FAILED) {
      return absl::FailedPreconditionError(absl::StrCat("processing failed: ", view->error()));
    }
    if (view->state() == v1::PLAYABLE || view->state() == v1::COMPLETE) {
      const std::string coming = StepsText(*view);
      progress.Note(coming.empty() ? "Playable" : absl::StrCat("Playable; still coming: ", coming));
      return absl::OkStatus();
    }
    const std::string steps = StepsText(*view);
    progress.Words(steps.empty() ? "processing" : absl::StrCat("processing: ", steps));
  } while (interrupt.Sleep(kPoll));
  progress.Note("Processing goes on without this command; see: lecternctl lecture show " + options.request.lecture());
  return absl::CancelledError("stopped waiting");
}

absl::Status Upload(Connection& connection, UploadOptions& options) {
  ASSIGN_OR_RETURN(const SourceFile file, OpenSource(options.path));
  options.request.set_file_name(options.path.substr(options.path.rfind('/') + 1));
  options.request.set_size_bytes(static_cast<int64_t>(file.size_bytes));
  ASSIGN_OR_RETURN(*options.request.mutable_fingerprint(), Fingerprint(file.fd.get(), file.size_bytes));
  const Interrupt interrupt;
  Progress progress(RealClock(), isatty(STDERR_FILENO) != 0);
  const absl::Duration start = RealClock().Steady();
  RETURN_IF_ERROR(Send(connection, options, file, interrupt, progress));
  const double seconds = std::max(0.001, absl::ToDoubleSeconds(RealClock().Steady() - start));
  const double size = static_cast<double>(file.size_bytes);
  progress.Note(
      absl::StrCat("Stored ", BytesText(size), " in ", AgeText(seconds), " (", BytesText(size / seconds), "/s)"));
  if (options.wait) RETURN_IF_ERROR(WaitUntilPlayable(connection, options, interrupt, progress));
  if (!connection.json()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const v1::Lecture lecture, GetLecture(connection, options.request.lecture()));
  connection.Print(lecture, "");
  return absl::OkStatus();
}

Run SetUpUpload(CLI::App& app) {
  auto options = std::make_shared<UploadOptions>();
  app.add_option_function<std::string>(
         "lecture",
         [options](const std::string& given) {
           absl::StatusOr<std::string> name = FullName("lectures", given);
           if (!name.ok()) throw CLI::ValidationError("lecture", std::string(name.status().message()));
           options->request.set_lecture(*name);
         },
         "Lecture")
      ->required();
  app.add_option("file", options->path, "The recording")->required();
  app.add_option_function<std::string>(
         "--view",
         [options](const std::string& given) {
           const absl::Status status = SetField(options->request, "view", given);
           if (!status.ok()) throw CLI::ValidationError("--view", std::string(status.message()));
         },
         "What it shows: comb (camera and slides composed), cam or pres")
      ->required();
  app.add_flag("--wait", options->wait, "Return when the lecture is playable, with status 1 where processing failed");
  app.add_option("--patience", options->patience_seconds, "Give up after so many seconds without progress")
      ->capture_default_str();
  return [options](Connection& connection) { return Upload(connection, *options); };
}

}  // namespace

std::vector<Command> UploadCommands() {
  return {{"lecture upload", "Sends a recording; a second call goes on where the first one ended", SetUpUpload}};
}

}  // namespace lectern::cli
