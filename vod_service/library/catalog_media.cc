#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "vod_service/library/catalog.h"
#include "vod_service/library/catalog_steps.h"
#include "vod_service/library/keys.h"

namespace lectern::vod {
namespace {

constexpr char kPublishGuard[] = R"sql(
select u.state, coalesce((select fence from fences where job = ?), 0), u.lecture, u.view, u.sequence,
       coalesce((select n.sequence from published p join uploads n on n.id = p.upload
                 where p.lecture = u.lecture and p.view = u.view), 0),
       exists (select 1 from published p join live_recordings l on l.upload = p.upload
               where p.lecture = u.lecture and p.view = u.view and l.ended = 0)
from uploads u where u.id = ?
)sql";

constexpr char kWait[] = "insert or replace into waiting (lecture, view, upload) values (?, ?, ?)";

constexpr char kSweepReplaced[] = R"sql(
insert or ignore into sweep (kind, target, not_before)
select iif(r.dir = r.upload || '/live/' || r.label, 2, 0),
       iif(r.dir = r.upload || '/live/' || r.label, r.upload || '/' || r.label,
           'media/' || u.lecture || '/' || u.view || '/' || r.dir), ?
from renditions r join uploads u on u.id = r.upload where r.upload = ? and r.label = ? and r.dir <> ?
)sql";

constexpr char kSweepSuperseded[] = R"sql(
insert or ignore into sweep (kind, target, not_before)
select 1, upload, ? from published where lecture = ? and view = ? and upload <> ?
)sql";

constexpr char kKeepUpload[] = "delete from sweep where kind = 1 and target = ?";

constexpr char kInsertRendition[] = R"sql(
insert or replace into renditions (upload, label, job, dir, audio, codecs, bandwidth_bps, average_bandwidth_bps, width, height,
                                   frame_rate, channels, duration_seconds)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
)sql";

constexpr char kPublish[] = R"sql(
insert into published (lecture, view, upload, version, written) values (?, ?, ?, 1, 0)
on conflict (lecture, view) do update set upload = excluded.upload, version = version + 1
)sql";

constexpr char kListRenditions[] = R"sql(
select upload, label, job, dir, audio, codecs, bandwidth_bps, average_bandwidth_bps, width, height, frame_rate, channels,
       duration_seconds
from renditions where upload = ? order by label
)sql";

constexpr char kGetPublished[] =
    "select lecture, view, upload, version, written from published where lecture = ? and view = ?";

constexpr char kListUnwritten[] =
    "select lecture, view, upload, version, written from published where written < version";

constexpr char kMarkWritten[] =
    "update published set written = max(written, ?) where lecture = ? and view = ? and upload = ?";

constexpr char kSelectDeleted[] = R"sql(
select lecture, view, upload, version, written from published
where lecture = ?1 and (?2 = '' or view = ?2) and upload <> ?3
)sql";

constexpr char kSweepDeleted[] = R"sql(
insert into sweep (kind, target, not_before)
select 1, id, ?4 from uploads where lecture = ?1 and (?2 = '' or view = ?2) and id <> ?3 and state in (1, 6)
on conflict (kind, target) do update set not_before = min(not_before, excluded.not_before)
)sql";

constexpr char kTerminateOpen[] = R"sql(
update uploads set state = 3, epoch = epoch + 1, reported = 0
where lecture = ?1 and (?2 = '' or view = ?2) and id <> ?3 and state = 0
)sql";

// What is on air must not take another set.
constexpr char kDeleteLive[] = R"sql(
update uploads set state = 5 where lecture = ?1 and (?2 = '' or view = ?2) and id <> ?3 and state = 6
)sql";

constexpr char kForgetWaiting[] = "delete from waiting where lecture = ?1 and (?2 = '' or view = ?2) and upload <> ?3";

constexpr char kUnpublish[] = "delete from published where lecture = ?1 and (?2 = '' or view = ?2) and upload <> ?3";

constexpr char kAddSweep[] = R"sql(
insert into sweep (kind, target, not_before) values (?, ?, ?)
on conflict (kind, target) do update set not_before = min(not_before, excluded.not_before)
)sql";

constexpr char kListDue[] =
    "select id, kind, target, not_before from sweep where not_before <= ? order by not_before limit ?";

constexpr char kForgetOutputs[] = "delete from outputs where folder = ? and key <> ''";

constexpr char kFinishSweep[] = "delete from sweep where id = ?";

constexpr char kKnowsDir[] = "select 1 from renditions where dir = ?";

constexpr char kWaitsForSweep[] = "select 1 from sweep where kind = ? and target = ?";

PublishedView ReadPublished(const Statement& row) {
  return {row.Int(0), row.Text(1), row.Text(2), row.Int(3), row.Int(4)};
}

absl::StatusOr<std::vector<PublishedView>> ReadViews(Statement query) {
  std::vector<PublishedView> views;
  while (true) {
    ASSIGN_OR_RETURN(bool row, query.Step());
    if (!row) return views;
    views.push_back(ReadPublished(query));
  }
}

absl::Status Refused(const char* reason, const char* message) {
  return WithReason(absl::FailedPreconditionError(message), reason);
}

}  // namespace

absl::Status InsertRendition(Sqlite& db, const RenditionRecord& rendition, absl::Time sweep_replaced) {
  Statement replaced = db.Query(kSweepReplaced);
  replaced << absl::ToUnixMillis(sweep_replaced) << rendition.upload << rendition.label << rendition.dir;
  RETURN_IF_ERROR(replaced.Run());
  Statement insert = db.Query(kInsertRendition);
  insert << rendition.upload << rendition.label << rendition.job << rendition.dir << rendition.audio << rendition.codecs
         << rendition.bandwidth_bps << rendition.average_bandwidth_bps << rendition.width << rendition.height
         << rendition.frame_rate << rendition.channels << rendition.duration_seconds;
  return insert.Run();
}

absl::Status AddSweepTo(Sqlite& db, SweepItem::Kind kind, absl::string_view target, absl::Time not_before) {
  Statement sweep = db.Query(kAddSweep);
  sweep << static_cast<int>(kind) << target << absl::ToUnixMillis(not_before);
  return sweep.Run();
}

absl::Status RunFor(Sqlite& db, const char* sql, absl::string_view upload) {
  Statement change = db.Query(sql);
  change << upload;
  return change.Run();
}

absl::Status MakeCurrent(Sqlite& db, int64_t lecture, absl::string_view view, absl::string_view upload,
                         absl::Time sweep_old) {
  Statement superseded = db.Query(kSweepSuperseded);
  superseded << absl::ToUnixMillis(sweep_old) << lecture << view << upload;
  RETURN_IF_ERROR(superseded.Run());
  Statement keep = db.Query(kKeepUpload);
  keep << upload;
  RETURN_IF_ERROR(keep.Run());
  Statement publish = db.Query(kPublish);
  publish << lecture << view << upload;
  return publish.Run();
}

absl::Status Catalog::PublishRenditions(absl::string_view upload, int64_t job, int64_t fence,
                                        const std::vector<RenditionRecord>& renditions, bool enough, absl::Time now,
                                        absl::Duration retention) {
  absl::MutexLock lock(&write_mu_);
  Transaction transaction(*writer_);
  RETURN_IF_ERROR(transaction.status());
  int64_t lecture = 0, sequence = 0, published = 0;
  bool on_air = false;
  std::string view;
  {
    Statement guard = writer_->Query(kPublishGuard);
    guard << job << upload;
    ASSIGN_OR_RETURN(bool row, guard.Step());
    if (!row || guard.Int(0) != static_cast<int>(UploadState::kComplete)) {
      return Refused("UPLOAD_GONE", "the recording was deleted");
    }
    if (guard.Int(1) > fence) return Refused("FENCED", "the job was given to another resource since");
    lecture = guard.Int(2);
    view = guard.Text(3);
    sequence = guard.Int(4);
    published = guard.Int(5);
    on_air = guard.Int(6) != 0;
  }
  for (const RenditionRecord& rendition : renditions)
    RETURN_IF_ERROR(InsertRendition(*writer_, rendition, now + retention));
  if (published > sequence) {
    RETURN_IF_ERROR(AddSweepTo(*writer_, SweepItem::kUpload, upload, now + retention));
  } else if (on_air && enough) {
    Statement wait = writer_->Query(kWait);
    wait << lecture << view << upload;
    RETURN_IF_ERROR(wait.Run());
  } else if (on_air) {
    // Sound alone waits for its picture, as ever.
  } else if (enough || published == 0 || published == sequence) {
    RETURN_IF_ERROR(MakeCurrent(*writer_, lecture, view, upload, now + retention));
  }
  return transaction.Commit();
}

absl::StatusOr<std::vector<RenditionRecord>> Catalog::ListRenditions(absl::string_view upload) {
  absl::MutexLock lock(&read_mu_);
  Statement row = reader_->Query(kListRenditions);
  row << upload;
  std::vector<RenditionRecord> renditions;
  while (true) {
    ASSIGN_OR_RETURN(bool more, row.Step());
    if (!more) return renditions;
    renditions.push_back({row.Text(0), row.Text(1), row.Int(2), row.Text(3), row.Int(4) != 0, row.Text(5), row.Int(6),
                          row.Int(7), static_cast<int>(row.Int(8)), static_cast<int>(row.Int(9)), row.Real(10),
                          static_cast<int>(row.Int(11)), row.Real(12)});
  }
}

absl::StatusOr<PublishedView> Catalog::GetPublished(int64_t lecture, absl::string_view view) {
  absl::MutexLock lock(&read_mu_);
  Statement query = reader_->Query(kGetPublished);
  query << lecture << view;
  ASSIGN_OR_RETURN(bool row, query.Step());
  if (!row) return absl::NotFoundError("nothing is published");
  return ReadPublished(query);
}

absl::StatusOr<std::vector<PublishedView>> Catalog::ListUnwrittenMasters() {
  absl::MutexLock lock(&read_mu_);
  return ReadViews(reader_->Query(kListUnwritten));
}

absl::Status Catalog::MarkMasterWritten(const PublishedView& view) {
  absl::MutexLock lock(&write_mu_);
  Statement update = writer_->Query(kMarkWritten);
  update << view.version << view.lecture << view.view << view.upload;
  return update.Run();
}

absl::StatusOr<std::vector<PublishedView>> Catalog::DeleteMedia(int64_t lecture, absl::string_view view,
                                                                absl::string_view keep, absl::Time now) {
  absl::MutexLock lock(&write_mu_);
  Transaction transaction(*writer_);
  RETURN_IF_ERROR(transaction.status());
  Statement select = writer_->Query(kSelectDeleted);
  select << lecture << view << keep;
  ASSIGN_OR_RETURN(std::vector<PublishedView> gone, ReadViews(std::move(select)));
  Statement sweep = writer_->Query(kSweepDeleted);
  sweep << lecture << view << keep << absl::ToUnixMillis(now);
  RETURN_IF_ERROR(sweep.Run());
  for (const char* sql : {kTerminateOpen, kDeleteLive, kForgetWaiting, kUnpublish}) {
    Statement change = writer_->Query(sql);
    change << lecture << view << keep;
    RETURN_IF_ERROR(change.Run());
  }
  RETURN_IF_ERROR(transaction.Commit());
  return gone;
}

absl::Status Catalog::AddSweep(SweepItem::Kind kind, absl::string_view target, absl::Time not_before) {
  absl::MutexLock lock(&write_mu_);
  return AddSweepTo(*writer_, kind, target, not_before);
}

absl::StatusOr<std::vector<SweepItem>> Catalog::ListDueSweeps(absl::Time now, int limit) {
  absl::MutexLock lock(&read_mu_);
  Statement query = reader_->Query(kListDue);
  query << absl::ToUnixMillis(now) << limit;
  std::vector<SweepItem> items;
  while (true) {
    ASSIGN_OR_RETURN(bool row, query.Step());
    if (!row) return items;
    items.push_back(
        {query.Int(0), static_cast<SweepItem::Kind>(query.Int(1)), query.Text(2), absl::FromUnixMillis(query.Int(3))});
  }
}

absl::Status Catalog::FinishSweep(const SweepItem& item) {
  absl::MutexLock lock(&write_mu_);
  Transaction transaction(*writer_);
  RETURN_IF_ERROR(transaction.status());
  if (item.kind == SweepItem::kPrefix) {
    Statement forget = writer_->Query(kForgetOutputs);
    forget << item.target;
    RETURN_IF_ERROR(forget.Run());
  }
  Statement finish = writer_->Query(kFinishSweep);
  finish << item.id;
  RETURN_IF_ERROR(finish.Run());
  return transaction.Commit();
}

absl::StatusOr<bool> Catalog::KnowsRenditionDir(absl::string_view dir) {
  absl::MutexLock lock(&read_mu_);
  Statement query = reader_->Query(kKnowsDir);
  query << dir;
  return query.Step();
}

absl::StatusOr<bool> Catalog::WaitsForSweep(SweepItem::Kind kind, absl::string_view target) {
  absl::MutexLock lock(&read_mu_);
  Statement query = reader_->Query(kWaitsForSweep);
  query << static_cast<int>(kind) << target;
  return query.Step();
}

}  // namespace lectern::vod
