#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "vod_service/library/catalog.h"

namespace lectern::vod {
namespace {

#define LECTERN_UPLOAD_COLUMNS                                                                                 \
  "sequence, id, lecture, view, organization, size_bytes, state, durable_offset, epoch, unverified, boot_id, " \
  "metadata, "                                                                                                 \
  "sha256, error, created_at, expires_at, reported"

UploadRecord ReadUpload(const Statement& row) {
  UploadRecord upload;
  upload.sequence = row.Int(0);
  upload.id = row.Text(1);
  upload.lecture = row.Int(2);
  upload.view = row.Text(3);
  upload.organization = row.Int(4);
  upload.size_bytes = static_cast<uint64_t>(row.Int(5));
  upload.state = static_cast<UploadState>(row.Int(6));
  upload.durable_offset = static_cast<uint64_t>(row.Int(7));
  upload.epoch = row.Int(8);
  upload.unverified = row.Int(9) != 0;
  upload.boot_id = row.Text(10);
  upload.metadata = row.Text(11);
  upload.sha256 = row.Text(12);
  upload.error = row.Text(13);
  upload.created_at = absl::FromUnixMillis(row.Int(14));
  upload.expires_at = absl::FromUnixMillis(row.Int(15));
  upload.reported = row.Int(16) != 0;
  return upload;
}

absl::StatusOr<std::vector<UploadRecord>> ReadAll(Statement query) {
  std::vector<UploadRecord> uploads;
  while (true) {
    ASSIGN_OR_RETURN(bool row, query.Step());
    if (!row) return uploads;
    uploads.push_back(ReadUpload(query));
  }
}

absl::Status Superseded() {
  return WithReason(absl::AbortedError("another request has taken over this upload"), "SUPERSEDED");
}

constexpr char kInsert[] = R"sql(
insert into uploads (id, lecture, view, organization, size_bytes, state, durable_offset, epoch, unverified, boot_id, metadata,
                     sha256, error, created_at, expires_at, reported)
values (?, ?, ?, ?, ?, 0, 0, 0, 0, '', ?, '', '', ?, ?, 0)
)sql";

constexpr char kGet[] = "select " LECTERN_UPLOAD_COLUMNS " from uploads where id = ?";

constexpr char kListByState[] = "select " LECTERN_UPLOAD_COLUMNS " from uploads where state = ? order by sequence";

constexpr char kListUnreported[] =
    "select " LECTERN_UPLOAD_COLUMNS " from uploads where reported = 0 and state <> 0 order by sequence limit ?";

constexpr char kOpenTotals[] =
    "select count(*), coalesce(sum(size_bytes - durable_offset), 0) from uploads where state = 0";

constexpr char kTakeEpoch[] =
    "update uploads set epoch = epoch + 1, boot_id = ?, unverified = ? where id = ? and state = 0 "
    "returning " LECTERN_UPLOAD_COLUMNS;

constexpr char kCheckpoint[] = R"sql(
update uploads set durable_offset = ?, unverified = ?, expires_at = ? where id = ? and epoch = ? and state = 0
)sql";

constexpr char kComplete[] = R"sql(
update uploads set state = 1, durable_offset = size_bytes, unverified = 0, sha256 = ?, reported = 0
where id = ? and epoch = ? and state = 0
)sql";

// The epoch grows, so that a writer that has not noticed cannot record another byte.
constexpr char kClose[] =
    "update uploads set state = ?, error = ?, epoch = epoch + 1, reported = 0 where id = ? and state = 0";

constexpr char kMarkReported[] = "update uploads set reported = 1 where id = ? and state <> 0";

constexpr char kIsPublished[] = "select 1 from published where upload = ?";

constexpr char kMarkDeleted[] = "update uploads set state = 5 where id = ? and state in (1, 6)";

constexpr char kForgetRenditions[] = "delete from renditions where upload = ?";

constexpr char kSweepItsOutputs[] = R"sql(
insert or ignore into sweep (kind, target, not_before)
select distinct 0, folder, 0 from outputs where upload = ? and folder like 'jobs/%'
)sql";

constexpr char kForgetItsPictures[] = "delete from outputs where upload = ? and folder like 'media/%'";

constexpr char kForgetSets[] =
    "delete from live_sets where recording = (select id from live_recordings where upload = ?)";

constexpr char kForgetFormats[] =
    "delete from live_formats where recording = (select id from live_recordings where upload = ?)";

constexpr char kForgetSwept[] =
    "delete from live_swept where recording = (select id from live_recordings where upload = ?)";

constexpr char kForgetLive[] = "delete from live_recordings where upload = ?";

}  // namespace

absl::Status Catalog::InsertUpload(const UploadRecord& upload) {
  absl::MutexLock lock(&write_mu_);
  Statement insert = writer_->Query(kInsert);
  insert << upload.id << upload.lecture << upload.view << upload.organization << upload.size_bytes << upload.metadata
         << absl::ToUnixMillis(upload.created_at) << absl::ToUnixMillis(upload.expires_at);
  return insert.Run();
}

absl::StatusOr<UploadRecord> Catalog::GetUpload(absl::string_view id) {
  absl::MutexLock lock(&read_mu_);
  Statement query = reader_->Query(kGet);
  query << id;
  ASSIGN_OR_RETURN(bool row, query.Step());
  if (!row) return WithReason(absl::NotFoundError("there is no such upload here"), "UPLOAD_NOT_FOUND");
  return ReadUpload(query);
}

absl::StatusOr<std::vector<UploadRecord>> Catalog::ListUploads(UploadState state) {
  absl::MutexLock lock(&read_mu_);
  Statement query = reader_->Query(kListByState);
  query << static_cast<int>(state);
  return ReadAll(std::move(query));
}

absl::StatusOr<std::vector<UploadRecord>> Catalog::ListUnreported(int limit) {
  absl::MutexLock lock(&read_mu_);
  Statement query = reader_->Query(kListUnreported);
  query << limit;
  return ReadAll(std::move(query));
}

absl::StatusOr<Catalog::OpenTotals> Catalog::GetOpenTotals() {
  absl::MutexLock lock(&read_mu_);
  Statement query = reader_->Query(kOpenTotals);
  RETURN_IF_ERROR(query.Step().status());
  return OpenTotals{query.Int(0), static_cast<uint64_t>(query.Int(1))};
}

absl::StatusOr<UploadRecord> Catalog::TakeEpoch(absl::string_view id, absl::string_view boot_id, bool unverified) {
  absl::MutexLock lock(&write_mu_);
  Statement update = writer_->Query(kTakeEpoch);
  update << boot_id << unverified << id;
  ASSIGN_OR_RETURN(bool row, update.Step());
  if (!row) return WithReason(absl::FailedPreconditionError("the upload is not open any more"), "UPLOAD_GONE");
  UploadRecord upload = ReadUpload(update);
  // Without this step the row would be changed only when the statement is reset, and an error then would go unseen.
  RETURN_IF_ERROR(update.Run());
  return upload;
}

absl::Status Catalog::Checkpoint(absl::string_view id, int64_t epoch, uint64_t durable_offset, bool unverified,
                                 absl::Time expires_at) {
  absl::MutexLock lock(&write_mu_);
  Statement update = writer_->Query(kCheckpoint);
  update << durable_offset << unverified << absl::ToUnixMillis(expires_at) << id << epoch;
  RETURN_IF_ERROR(update.Run());
  return writer_->changes() == 0 ? Superseded() : absl::OkStatus();
}

absl::Status Catalog::CompleteUpload(absl::string_view id, int64_t epoch, absl::string_view sha256) {
  absl::MutexLock lock(&write_mu_);
  Statement update = writer_->Query(kComplete);
  update << sha256 << id << epoch;
  RETURN_IF_ERROR(update.Run());
  return writer_->changes() == 0 ? Superseded() : absl::OkStatus();
}

absl::Status Catalog::CloseUpload(absl::string_view id, UploadState state, absl::string_view error) {
  absl::MutexLock lock(&write_mu_);
  Statement update = writer_->Query(kClose);
  update << static_cast<int>(state) << error << id;
  return update.Run();
}

absl::Status Catalog::MarkReported(absl::string_view id) {
  absl::MutexLock lock(&write_mu_);
  Statement update = writer_->Query(kMarkReported);
  update << id;
  return update.Run();
}

absl::Status Catalog::MarkDeleted(absl::string_view id) {
  absl::MutexLock lock(&write_mu_);
  Transaction transaction(*writer_);
  RETURN_IF_ERROR(transaction.status());
  {
    Statement published = writer_->Query(kIsPublished);
    published << id;
    ASSIGN_OR_RETURN(bool row, published.Step());
    if (row) return WithReason(absl::FailedPreconditionError("the recording is published"), "PUBLISHED");
  }
  Statement mark = writer_->Query(kMarkDeleted);
  mark << id;
  RETURN_IF_ERROR(mark.Run());
  for (const char* sql : {kForgetRenditions, kSweepItsOutputs, kForgetItsPictures, kForgetSets, kForgetFormats,
                          kForgetSwept, kForgetLive}) {
    Statement change = writer_->Query(sql);
    change << id;
    RETURN_IF_ERROR(change.Run());
  }
  return transaction.Commit();
}

}  // namespace lectern::vod
