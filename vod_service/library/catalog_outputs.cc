#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "vod_service/library/catalog.h"
#include "vod_service/library/keys.h"

namespace lectern::vod {
namespace {

constexpr char kGetFence[] = "select fence from fences where job = ?";

constexpr char kRaiseFence[] = R"sql(
insert into fences (job, fence) values (?, ?) on conflict (job) do update set fence = max(fence, excluded.fence)
returning fence
)sql";

constexpr char kStage[] = R"sql(
insert into outputs (job, fence, name, upload, size_bytes, sha256, key, folder, staged_at)
values (?, ?, ?, ?, ?, ?, '', '', ?)
on conflict (job, fence, name) do update
set upload = excluded.upload, size_bytes = excluded.size_bytes, sha256 = excluded.sha256, staged_at = excluded.staged_at
where key = ''
)sql";

#define LECTERN_OUTPUT_COLUMNS "job, fence, name, upload, size_bytes, sha256, key"

constexpr char kListOutputs[] =
    "select " LECTERN_OUTPUT_COLUMNS " from outputs where job = ? and fence = ? order by name";

constexpr char kCommitOutput[] = "update outputs set key = ?, folder = ? where job = ? and fence = ? and name = ?";

constexpr char kSweepOlder[] = R"sql(
insert or ignore into sweep (kind, target, not_before)
select distinct 0, folder, ? from outputs where job = ? and fence < ? and key <> '' and folder like 'jobs/%'
)sql";

constexpr char kGetCommitted[] = "select " LECTERN_OUTPUT_COLUMNS
                                 " from outputs where job = ? and name = ? and key <> '' order by fence desc limit 1";

constexpr char kListCommitted[] = "select " LECTERN_OUTPUT_COLUMNS R"sql( from outputs
where job = ?1 and key <> '' and fence = (select max(fence) from outputs where job = ?1 and key <> '') order by name
)sql";

constexpr char kListStale[] = R"sql(
select distinct o.job, o.fence from outputs o join fences f on f.job = o.job
where o.key = '' and (o.fence < f.fence or o.staged_at < ?)
)sql";

constexpr char kForgetStaged[] = "delete from outputs where job = ? and fence = ? and key = ''";

constexpr char kKnowsOutputs[] = "select 1 from outputs where job = ? and fence = ? limit 1";

constexpr char kSweepAll[] = R"sql(
insert or ignore into sweep (kind, target, not_before)
select distinct 0, folder, ? from outputs where job = ? and key <> '' and folder like 'jobs/%'
)sql";

OutputRecord ReadOutput(const Statement& row) {
  OutputRecord output;
  output.job = row.Int(0);
  output.fence = row.Int(1);
  output.name = row.Text(2);
  output.upload = row.Text(3);
  output.size_bytes = static_cast<uint64_t>(row.Int(4));
  output.sha256 = row.Text(5);
  output.key = row.Text(6);
  return output;
}

absl::StatusOr<std::vector<OutputRecord>> ReadOutputs(Statement query) {
  std::vector<OutputRecord> outputs;
  while (true) {
    ASSIGN_OR_RETURN(bool row, query.Step());
    if (!row) return outputs;
    outputs.push_back(ReadOutput(query));
  }
}

absl::Status Fenced() {
  return WithReason(absl::FailedPreconditionError("the job was given to another resource since"), "FENCED");
}

std::string FolderOf(absl::string_view key) {
  return std::string(key.substr(0, key.rfind('/')));
}

}  // namespace

absl::Status Catalog::RaiseFence(int64_t job, int64_t fence) {
  {
    // Nearly every request comes with the fence that is known already: no write then.
    absl::MutexLock lock(&read_mu_);
    Statement query = reader_->Query(kGetFence);
    query << job;
    ASSIGN_OR_RETURN(bool row, query.Step());
    if (row && query.Int(0) >= fence) return query.Int(0) == fence ? absl::OkStatus() : Fenced();
  }
  absl::MutexLock lock(&write_mu_);
  Statement raise = writer_->Query(kRaiseFence);
  raise << job << fence;
  RETURN_IF_ERROR(raise.Step().status());
  const int64_t highest = raise.Int(0);
  RETURN_IF_ERROR(raise.Run());
  return highest == fence ? absl::OkStatus() : Fenced();
}

absl::Status Catalog::StageOutput(const OutputRecord& output) {
  absl::MutexLock lock(&write_mu_);
  Statement stage = writer_->Query(kStage);
  stage << output.job << output.fence << output.name << output.upload << output.size_bytes << output.sha256
        << absl::ToUnixMillis(absl::Now());
  return stage.Run();
}

absl::StatusOr<std::vector<OutputRecord>> Catalog::ListOutputs(int64_t job, int64_t fence) {
  absl::MutexLock lock(&read_mu_);
  Statement query = reader_->Query(kListOutputs);
  query << job << fence;
  return ReadOutputs(std::move(query));
}

absl::StatusOr<std::vector<OutputRecord>> Catalog::ListCommitted(int64_t job) {
  absl::MutexLock lock(&read_mu_);
  Statement query = reader_->Query(kListCommitted);
  query << job;
  return ReadOutputs(std::move(query));
}

absl::Status Catalog::CommitOutputs(int64_t job, int64_t fence, const std::vector<OutputRecord>& outputs,
                                    absl::Time now) {
  absl::MutexLock lock(&write_mu_);
  Transaction transaction(*writer_);
  RETURN_IF_ERROR(transaction.status());
  {
    Statement query = writer_->Query(kGetFence);
    query << job;
    ASSIGN_OR_RETURN(bool row, query.Step());
    if (!row || query.Int(0) != fence) return Fenced();
  }
  for (const OutputRecord& output : outputs) {
    Statement commit = writer_->Query(kCommitOutput);
    commit << output.key << FolderOf(output.key) << job << fence << output.name;
    RETURN_IF_ERROR(commit.Run());
  }
  Statement sweep = writer_->Query(kSweepOlder);
  sweep << absl::ToUnixMillis(now) << job << fence;
  RETURN_IF_ERROR(sweep.Run());
  return transaction.Commit();
}

absl::StatusOr<OutputRecord> Catalog::GetCommitted(int64_t job, absl::string_view name) {
  absl::MutexLock lock(&read_mu_);
  Statement query = reader_->Query(kGetCommitted);
  query << job << name;
  ASSIGN_OR_RETURN(bool row, query.Step());
  if (!row) return WithReason(absl::NotFoundError("the job has committed no such output"), "OUTPUT_NOT_FOUND");
  return ReadOutput(query);
}

absl::StatusOr<std::vector<Catalog::StagedGroup>> Catalog::ListStaleStaged(absl::Time before) {
  absl::MutexLock lock(&read_mu_);
  Statement query = reader_->Query(kListStale);
  query << absl::ToUnixMillis(before);
  std::vector<StagedGroup> groups;
  while (true) {
    ASSIGN_OR_RETURN(bool row, query.Step());
    if (!row) return groups;
    groups.push_back({query.Int(0), query.Int(1)});
  }
}

absl::Status Catalog::ForgetStaged(int64_t job, int64_t fence) {
  absl::MutexLock lock(&write_mu_);
  Statement forget = writer_->Query(kForgetStaged);
  forget << job << fence;
  return forget.Run();
}

absl::StatusOr<bool> Catalog::KnowsOutputs(int64_t job, int64_t fence) {
  absl::MutexLock lock(&read_mu_);
  Statement query = reader_->Query(kKnowsOutputs);
  query << job << fence;
  return query.Step();
}

absl::Status Catalog::SweepOutputs(int64_t job, absl::Time when) {
  absl::MutexLock lock(&write_mu_);
  Statement sweep = writer_->Query(kSweepAll);
  sweep << absl::ToUnixMillis(when) << job;
  return sweep.Run();
}

}  // namespace lectern::vod
