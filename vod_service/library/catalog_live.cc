#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "vod_service/library/catalog.h"
#include "vod_service/library/catalog_steps.h"
#include "vod_service/library/keys.h"

namespace lectern::vod {
namespace {

#define LECTERN_LIVE_COLUMNS "l.id, l.upload, u.lecture, u.view, l.start_time_ms, l.ended, l.job, l.fence"
#define LECTERN_LIVE_TABLES "live_recordings l join uploads u on u.id = l.upload"

constexpr char kGetLive[] =
    "select " LECTERN_LIVE_COLUMNS " from " LECTERN_LIVE_TABLES " where l.upload = ? and u.state in (1, 6)";

constexpr char kListOnAir[] = "select " LECTERN_LIVE_COLUMNS " from " LECTERN_LIVE_TABLES
                              " where l.ended = 0 and u.state in (1, 6) order by l.id";

constexpr char kUploadState[] = "select state from uploads where id = ?";

// Nobody hears of it as an upload: the job that ends it tells the API.
constexpr char kInsertLiveUpload[] = R"sql(
insert into uploads (id, lecture, view, organization, size_bytes, state, durable_offset, epoch, unverified, boot_id, metadata,
                     sha256, error, created_at, expires_at, reported)
values (?1, ?2, ?3, ?4, 0, 6, 0, 0, 0, '', '', '', '', ?5, ?5, 1)
)sql";

constexpr char kInsertLive[] =
    "insert into live_recordings (upload, start_time_ms, ended, job, fence) values (?, ?, 0, ?, ?)";

constexpr char kSetHolder[] = "update live_recordings set job = ?, fence = ? where upload = ?";

constexpr char kListFormats[] = "select number, tracks from live_formats where recording = ? order by number";

constexpr char kListSets[] = R"sql(
select sequence, job, fence, number, start_ms, end_ms, format, segments from live_sets where recording = ? order by sequence
)sql";

// The newest sets are the holder's, if any.
constexpr char kLastNumber[] = R"sql(
select iif(job = ? and fence = ?, number, 0) from live_sets where recording = ? order by sequence desc limit 1
)sql";

constexpr char kListSwept[] = "select label, sequence from live_swept where recording = ?";

constexpr char kInsertFormat[] = "insert into live_formats (recording, number, tracks) values (?, ?, ?)";

constexpr char kInsertSet[] = R"sql(
insert into live_sets (recording, sequence, job, fence, number, start_ms, end_ms, format, segments)
values (?, ?, ?, ?, ?, ?, ?, ?, ?)
)sql";

constexpr char kGoOnAir[] = "update live_recordings set ended = 0 where upload = ?";

constexpr char kUploadIsLive[] = "update uploads set state = 6, sha256 = '', reported = 1 where id = ?";

constexpr char kSweepImproved[] = R"sql(
insert or ignore into sweep (kind, target, not_before)
select 0, 'media/' || u.lecture || '/' || u.view || '/' || r.dir, ?
from renditions r join uploads u on u.id = r.upload where r.upload = ? and r.dir <> r.upload || '/live/' || r.label
)sql";

constexpr char kForgetRenditions[] = "delete from renditions where upload = ?";

constexpr char kKeepTracks[] = "delete from sweep where kind = 2 and target like ? || '/%'";

constexpr char kShownNow[] = R"sql(
select p.upload, u.lecture, u.view, coalesce(n.sequence, 0) > u.sequence
from uploads u left join published p on p.lecture = u.lecture and p.view = u.view left join uploads n on n.id = p.upload
where u.id = ?
)sql";

constexpr char kWait[] = "insert or replace into waiting (lecture, view, upload) values (?, ?, ?)";

constexpr char kKeepUpload[] = "delete from sweep where kind = 1 and target = ?";

constexpr char kShow[] = R"sql(
insert into published (lecture, view, upload, version, written) values (?, ?, ?, 1, 0)
on conflict (lecture, view) do update set upload = excluded.upload, version = version + 1
)sql";

constexpr char kEnd[] = "update live_recordings set ended = 1, job = ?, fence = ? where id = ?";

// Newer than what was on air, and still there.
constexpr char kTakeWaiting[] = R"sql(
select w.upload from waiting w join uploads n on n.id = w.upload join uploads u on u.id = ?
where w.lecture = u.lecture and w.view = u.view and n.state = 1 and n.sequence > u.sequence
)sql";

constexpr char kForgetWaiting[] = "delete from waiting where lecture = ? and view = ?";

constexpr char kCompleteLive[] = R"sql(
update uploads set state = 1, size_bytes = ?1, durable_offset = ?1, sha256 = ?2, reported = 1
where id = ?3 and state in (1, 6) and exists (select 1 from live_recordings where upload = ?3 and ended = 1)
)sql";

constexpr char kDropLive[] = R"sql(
delete from live_recordings where id = ?1 and not exists (select 1 from live_sets where recording = ?1)
)sql";

constexpr char kDropUpload[] = "delete from uploads where id = ? and state = 6";

constexpr char kTrackNeeded[] = R"sql(
select not exists (select 1 from sweep where id = ?1)
       or exists (select 1 from renditions where upload = ?2 and dir = ?2 || '/live/' || ?3)
)sql";

constexpr char kMarkSwept[] = R"sql(
insert or replace into live_swept (recording, label, sequence)
select l.id, ?2, (select max(sequence) from live_sets where recording = l.id) from live_recordings l where l.upload = ?1
)sql";

absl::Status Gone() {
  return WithReason(absl::FailedPreconditionError("the recording was deleted"), "UPLOAD_GONE");
}

absl::Status Fenced() {
  return WithReason(absl::FailedPreconditionError("the stream was given to another worker since"), "FENCED");
}

LiveRecord ReadLive(const Statement& row) {
  return {row.Int(0), row.Text(1), row.Int(2), row.Text(3), row.Int(4), row.Int(5) != 0, row.Int(6), row.Int(7)};
}

absl::StatusOr<LiveRecord> FindLive(Sqlite& db, absl::string_view upload) {
  Statement query = db.Query(kGetLive);
  query << upload;
  ASSIGN_OR_RETURN(bool row, query.Step());
  if (!row) return absl::NotFoundError("there is no such live recording");
  return ReadLive(query);
}

absl::Status InsertLive(Sqlite& db, const UploadRecord& upload, int64_t start_time_ms, int64_t job, int64_t fence) {
  {
    Statement state = db.Query(kUploadState);
    state << upload.id;
    ASSIGN_OR_RETURN(bool row, state.Step());
    if (row) return Gone();
  }
  Statement insert = db.Query(kInsertLiveUpload);
  insert << upload.id << upload.lecture << upload.view << upload.organization << absl::ToUnixMillis(upload.created_at);
  RETURN_IF_ERROR(insert.Run());
  Statement live = db.Query(kInsertLive);
  live << upload.id << start_time_ms << job << fence;
  return live.Run();
}

// The view shows what is on air, whatever it showed before; what is newer than that comes back at the end.
absl::Status ShowLive(Sqlite& db, const LiveCommit& commit) {
  std::string shown, view;
  int64_t lecture = 0;
  bool newer = false;
  {
    Statement query = db.Query(kShownNow);
    query << commit.upload;
    ASSIGN_OR_RETURN(bool row, query.Step());
    if (!row) return Gone();
    shown = query.Text(0);
    lecture = query.Int(1);
    view = query.Text(2);
    newer = query.Int(3) != 0;
  }
  if (!newer) return MakeCurrent(db, lecture, view, commit.upload, commit.now + commit.retention);
  Statement wait = db.Query(kWait);
  wait << lecture << view << shown;
  RETURN_IF_ERROR(wait.Run());
  RETURN_IF_ERROR(RunFor(db, kKeepUpload, commit.upload));
  Statement show = db.Query(kShow);
  show << lecture << view << commit.upload;
  return show.Run();
}

absl::Status GoOnAir(Sqlite& db, const LiveCommit& commit) {
  Statement improved = db.Query(kSweepImproved);
  improved << absl::ToUnixMillis(commit.now + commit.retention) << commit.upload;
  RETURN_IF_ERROR(improved.Run());
  for (const char* sql : {kGoOnAir, kUploadIsLive, kForgetRenditions, kKeepTracks})
    RETURN_IF_ERROR(RunFor(db, sql, commit.upload));
  return ShowLive(db, commit);
}

absl::Status InsertSet(Sqlite& db, const LiveCommit& commit) {
  {
    // Deleted meanwhile.
    Statement state = db.Query(kUploadState);
    state << commit.upload;
    ASSIGN_OR_RETURN(bool row, state.Step());
    if (!row || (state.Int(0) != static_cast<int>(UploadState::kLive) &&
                 state.Int(0) != static_cast<int>(UploadState::kComplete))) {
      return Gone();
    }
  }
  const LiveSetRecord& set = commit.set;
  if (!commit.new_tracks.empty()) {
    Statement format = db.Query(kInsertFormat);
    format << commit.recording << set.format << commit.new_tracks;
    RETURN_IF_ERROR(format.Run());
  }
  if (commit.goes_on_air) RETURN_IF_ERROR(GoOnAir(db, commit));
  Statement insert = db.Query(kInsertSet);
  insert << commit.recording << set.sequence << set.job << set.fence << set.number << set.start_ms << set.end_ms
         << set.format << set.segments;
  return insert.Run();
}

}  // namespace

absl::StatusOr<LiveRecord> Catalog::OpenLive(const UploadRecord& upload, int64_t start_time_ms, int64_t job,
                                             int64_t fence) {
  absl::MutexLock lock(&write_mu_);
  Transaction transaction(*writer_);
  RETURN_IF_ERROR(transaction.status());
  auto found = FindLive(*writer_, upload.id);
  if (absl::IsNotFound(found.status())) {
    RETURN_IF_ERROR(InsertLive(*writer_, upload, start_time_ms, job, fence));
  } else {
    RETURN_IF_ERROR(found.status());
    if (std::pair(found->job, found->fence) > std::pair(job, fence)) return Fenced();
    Statement holder = writer_->Query(kSetHolder);
    holder << job << fence << upload.id;
    RETURN_IF_ERROR(holder.Run());
  }
  ASSIGN_OR_RETURN(LiveRecord live, FindLive(*writer_, upload.id));
  RETURN_IF_ERROR(transaction.Commit());
  return live;
}

absl::StatusOr<LiveRecord> Catalog::GetLive(absl::string_view upload) {
  absl::MutexLock lock(&read_mu_);
  return FindLive(*reader_, upload);
}

absl::StatusOr<std::vector<LiveRecord>> Catalog::ListOnAir() {
  absl::MutexLock lock(&read_mu_);
  Statement query = reader_->Query(kListOnAir);
  std::vector<LiveRecord> records;
  while (true) {
    ASSIGN_OR_RETURN(bool row, query.Step());
    if (!row) return records;
    records.push_back(ReadLive(query));
  }
}

absl::StatusOr<std::vector<LiveFormatRecord>> Catalog::ListLiveFormats(int64_t recording) {
  absl::MutexLock lock(&read_mu_);
  Statement query = reader_->Query(kListFormats);
  query << recording;
  std::vector<LiveFormatRecord> formats;
  while (true) {
    ASSIGN_OR_RETURN(bool row, query.Step());
    if (!row) return formats;
    formats.push_back({query.Int(0), query.Text(1)});
  }
}

absl::StatusOr<std::vector<LiveSetRecord>> Catalog::ListLiveSets(int64_t recording) {
  absl::MutexLock lock(&read_mu_);
  Statement row = reader_->Query(kListSets);
  row << recording;
  std::vector<LiveSetRecord> sets;
  while (true) {
    ASSIGN_OR_RETURN(bool more, row.Step());
    if (!more) return sets;
    sets.push_back({row.Int(0), row.Int(1), row.Int(2), row.Int(3), row.Int(4), row.Int(5), row.Int(6), row.Text(7)});
  }
}

absl::StatusOr<int64_t> Catalog::GetLastLiveNumber(const LiveRecord& live) {
  absl::MutexLock lock(&read_mu_);
  Statement query = reader_->Query(kLastNumber);
  query << live.job << live.fence << live.id;
  ASSIGN_OR_RETURN(bool row, query.Step());
  return row ? query.Int(0) : 0;
}

absl::StatusOr<std::vector<std::pair<std::string, int64_t>>> Catalog::ListLiveSwept(int64_t recording) {
  absl::MutexLock lock(&read_mu_);
  Statement query = reader_->Query(kListSwept);
  query << recording;
  std::vector<std::pair<std::string, int64_t>> swept;
  while (true) {
    ASSIGN_OR_RETURN(bool row, query.Step());
    if (!row) return swept;
    swept.emplace_back(query.Text(0), query.Int(1));
  }
}

std::vector<absl::Status> Catalog::CommitLiveSets(const std::vector<const LiveCommit*>& commits) {
  absl::MutexLock lock(&write_mu_);
  Transaction transaction(*writer_);
  absl::Status all = transaction.status();
  std::vector<absl::Status> each(commits.size());
  for (size_t i = 0; i < commits.size() && all.ok(); ++i) {
    each[i] = InsertSet(*writer_, *commits[i]);
    // A deleted recording was not touched; after any other error what was written of the set must not stay.
    if (!each[i].ok() && ReasonOf(each[i]) != "UPLOAD_GONE") all = each[i];
  }
  if (all.ok()) all = transaction.Commit();
  if (!all.ok()) return std::vector<absl::Status>(commits.size(), all);
  return each;
}

absl::Status Catalog::EndLive(const LiveRecord& live, const std::vector<RenditionRecord>& tracks, absl::Time now,
                              absl::Duration retention) {
  absl::MutexLock lock(&write_mu_);
  Transaction transaction(*writer_);
  RETURN_IF_ERROR(transaction.status());
  if (auto found = FindLive(*writer_, live.upload); !found.ok())
    return absl::IsNotFound(found.status()) ? Gone() : found.status();
  Statement end = writer_->Query(kEnd);
  end << live.job << live.fence << live.id;
  RETURN_IF_ERROR(end.Run());
  for (const RenditionRecord& track : tracks) RETURN_IF_ERROR(InsertRendition(*writer_, track, now + retention));
  std::string next = live.upload;
  {
    Statement waiting = writer_->Query(kTakeWaiting);
    waiting << live.upload;
    ASSIGN_OR_RETURN(bool row, waiting.Step());
    if (row) next = waiting.Text(0);
  }
  Statement forget = writer_->Query(kForgetWaiting);
  forget << live.lecture << live.view;
  RETURN_IF_ERROR(forget.Run());
  RETURN_IF_ERROR(MakeCurrent(*writer_, live.lecture, live.view, next, now + retention));
  return transaction.Commit();
}

absl::Status Catalog::CompleteLive(const LiveRecord& live, uint64_t size_bytes, absl::string_view sha256) {
  absl::MutexLock lock(&write_mu_);
  Statement update = writer_->Query(kCompleteLive);
  update << size_bytes << sha256 << live.upload;
  RETURN_IF_ERROR(update.Run());
  return writer_->changes() == 0 ? Gone() : absl::OkStatus();
}

absl::Status Catalog::DropLive(const LiveRecord& live) {
  absl::MutexLock lock(&write_mu_);
  Transaction transaction(*writer_);
  RETURN_IF_ERROR(transaction.status());
  Statement drop = writer_->Query(kDropLive);
  drop << live.id;
  RETURN_IF_ERROR(drop.Run());
  if (writer_->changes() == 0) return absl::OkStatus();
  RETURN_IF_ERROR(RunFor(*writer_, kDropUpload, live.upload));
  return transaction.Commit();
}

absl::StatusOr<bool> Catalog::BeginTrackSweep(const SweepItem& item) {
  const size_t slash = item.target.find('/');
  const absl::string_view upload = absl::string_view(item.target).substr(0, slash);
  const absl::string_view label = absl::string_view(item.target).substr(slash + 1);
  absl::MutexLock lock(&write_mu_);
  Transaction transaction(*writer_);
  RETURN_IF_ERROR(transaction.status());
  {
    Statement needed = writer_->Query(kTrackNeeded);
    needed << item.id << upload << label;
    RETURN_IF_ERROR(needed.Step().status());
    if (needed.Int(0) != 0) return false;
  }
  Statement mark = writer_->Query(kMarkSwept);
  mark << upload << label;
  RETURN_IF_ERROR(mark.Run());
  RETURN_IF_ERROR(transaction.Commit());
  return true;
}

}  // namespace lectern::vod
