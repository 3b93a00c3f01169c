#include "vod_service/library/catalog.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"

namespace lectern::vod {
namespace {

constexpr int kSchemaVersion = 2;

// Times are milliseconds since 1970.
constexpr char kSchema1[] = R"sql(
create table uploads (
  sequence       integer primary key autoincrement,
  id             text not null unique,
  lecture        integer not null,
  view           text not null,
  organization   integer not null,
  size_bytes     integer not null,
  state          integer not null,
  durable_offset integer not null,
  epoch          integer not null,
  unverified     integer not null,
  boot_id        text not null,
  metadata       text not null,
  sha256         text not null,
  error          text not null,
  created_at     integer not null,
  expires_at     integer not null,
  reported       integer not null
);
create index uploads_state on uploads (state);
create index uploads_unreported on uploads (sequence) where reported = 0 and state <> 0;
create index uploads_lecture on uploads (lecture, view);

create table fences (job integer primary key, fence integer not null);

create table outputs (
  job        integer not null,
  fence      integer not null,
  name       text not null,
  upload     text not null,
  size_bytes integer not null,
  sha256     text not null,
  key        text not null,             -- empty: staged
  folder     text not null,             -- of the key
  staged_at  integer not null,
  primary key (job, fence, name)
) without rowid;
create index outputs_staged on outputs (staged_at) where key = '';
create index outputs_folder on outputs (folder) where key <> '';

create table renditions (
  upload                text not null,
  label                 text not null,
  job                   integer not null,
  dir                   text not null unique,
  audio                 integer not null,
  codecs                text not null,
  bandwidth_bps         integer not null,
  average_bandwidth_bps integer not null,
  width                 integer not null,
  height                integer not null,
  frame_rate            real not null,
  channels              integer not null,
  duration_seconds      real not null,
  primary key (upload, label)
) without rowid;

create table published (
  lecture integer not null,
  view    text not null,
  upload  text not null,
  version integer not null,
  written integer not null,
  primary key (lecture, view)
) without rowid;
create index published_unwritten on published (lecture) where written < version;

create table sweep (
  id         integer primary key,
  kind       integer not null,
  target     text not null,
  not_before integer not null,
  unique (kind, target)
);
create index sweep_due on sweep (not_before);
)sql";

// Live recordings. A set is one small row; nothing that grows is ever written again.
constexpr char kSchema2[] = R"sql(
create table live_recordings (
  id            integer primary key,
  upload        text not null unique,
  start_time_ms integer not null,
  ended         integer not null,
  job           integer not null,
  fence         integer not null
);
create index live_recordings_on_air on live_recordings (id) where ended = 0;

create table live_formats (
  recording integer not null,
  number    integer not null,
  tracks    text not null,
  primary key (recording, number)
) without rowid;

create table live_sets (
  recording integer not null,
  sequence  integer not null,
  job       integer not null,
  fence     integer not null,
  number    integer not null,
  start_ms  integer not null,
  end_ms    integer not null,
  format    integer not null,
  segments  text not null,
  primary key (recording, sequence)
) without rowid;

-- Tracks whose files were deleted, since a better rendition has taken their place: those of sets up to a sequence number.
create table live_swept (
  recording integer not null,
  label     text not null,
  sequence  integer not null,
  primary key (recording, label)
) without rowid;

-- A recording that is to be shown when what is on air has ended.
create table waiting (
  lecture integer not null,
  view    text not null,
  upload  text not null,
  primary key (lecture, view)
) without rowid;
)sql";

// Two processes on one folder would hand out the same bytes of the same file to two writers.
absl::StatusOr<Fd> LockFolder(const std::string& data_dir) {
  Fd lock(open((data_dir + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock.valid()) return ErrnoStatus(errno, "opening the data folder's lock");
  if (flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno != EWOULDBLOCK) return ErrnoStatus(errno, "locking the data folder");
  return absl::FailedPreconditionError(absl::StrCat("the data folder ", data_dir, " is in use by another process"));
}

absl::Status Migrate(Sqlite& db) {
  Transaction transaction(db);
  RETURN_IF_ERROR(transaction.status());
  int64_t version = 0;
  {
    Statement query = db.Query("PRAGMA user_version");
    ASSIGN_OR_RETURN(bool row, query.Step());
    if (row) version = query.Int(0);
  }
  if (version > kSchemaVersion) {
    return absl::FailedPreconditionError(
        absl::StrCat("the catalog has version ", version, ", this program knows up to ", kSchemaVersion));
  }
  if (version < 1) RETURN_IF_ERROR(db.Script(kSchema1));
  if (version < 2) RETURN_IF_ERROR(db.Script(kSchema2));
  RETURN_IF_ERROR(db.Script(absl::StrCat("PRAGMA user_version = ", kSchemaVersion)));
  return transaction.Commit();
}

}  // namespace

Catalog::Catalog(Fd lock, std::unique_ptr<Sqlite> writer, std::unique_ptr<Sqlite> reader)
    : lock_(std::move(lock)), writer_(std::move(writer)), reader_(std::move(reader)) {}

absl::StatusOr<std::unique_ptr<Catalog>> Catalog::Open(const std::string& data_dir) {
  RETURN_IF_ERROR(MakeDirectories(data_dir, 0700));
  ASSIGN_OR_RETURN(Fd lock, LockFolder(data_dir));
  const std::string path = data_dir + "/catalog.sqlite3";
  ASSIGN_OR_RETURN(std::unique_ptr<Sqlite> writer, Sqlite::Open(path));
  RETURN_IF_ERROR(Migrate(*writer));
  RETURN_IF_ERROR(SyncDirectory(data_dir));
  ASSIGN_OR_RETURN(std::unique_ptr<Sqlite> reader, Sqlite::Open(path));
  return std::unique_ptr<Catalog>(new Catalog(std::move(lock), std::move(writer), std::move(reader)));
}

}  // namespace lectern::vod
