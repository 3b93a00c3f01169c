#include "common/pg/pool.h"

#include <atomic>
#include <deque>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/random/random.h"
#include "absl/synchronization/mutex.h"
#include "common/base/status.h"
#include "common/pg/session_impl.h"

namespace lectern::pg {
namespace {

constexpr int kAttempts = 4;  // the first and 3 more

// Lets the transaction that won get out of the way; jittered, so that two that met do not meet again.
void BackOff(int attempt) {
  thread_local absl::BitGen random;
  absl::SleepFor(absl::Microseconds(absl::Uniform(random, 500, 2000) << (2 * attempt)));
}

}  // namespace

struct Pool::Impl {
  // Borrows a connection for its lifetime.
  class Lease {
   public:
    explicit Lease(Impl& pool) : pool_(pool), session_(pool.Acquire()) {}
    ~Lease() {
      if (session_ != nullptr) pool_.Release(session_);
    }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

    Session::Impl* operator->() { return session_; }
    Session::Impl& operator*() { return *session_; }
    absl::Status Ready() {
      if (session_ == nullptr)
        return WithReason(absl::ResourceExhaustedError("database: every connection is busy"), "DATABASE_BUSY");
      return session_->Ready();
    }

   private:
    Impl& pool_;
    Session::Impl* const session_;
  };

  explicit Impl(PoolOptions given) : options(std::move(given)) {
    for (int i = 0; i < options.connections; ++i) {
      sessions.emplace_back(options, statements);
      idle.push_back(&sessions.back());
    }
  }

  Session::Impl* Acquire() {
    absl::MutexLock lock(&mu);
    auto some = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) { return !idle.empty(); };
    if (!mu.AwaitWithTimeout(absl::Condition(&some), options.acquire_timeout)) return nullptr;
    // The one used last: few connections stay warm, the others may rest.
    Session::Impl* session = idle.back();
    idle.pop_back();
    return session;
  }

  void Release(Session::Impl* session) {
    // Whatever went wrong, nobody inherits an open transaction.
    if (!session->broken() && session->connection->in_transaction()) session->connection->Break();
    absl::MutexLock lock(&mu);
    idle.push_back(session);
  }

  absl::Status TryTransaction(const std::function<absl::Status(Session&)>& body, bool& again);
  static absl::Status Commit(Session::Impl& session, bool& again);

  const PoolOptions options;
  std::atomic<int64_t> statements{0};
  std::deque<Session::Impl> sessions;
  absl::Mutex mu;
  std::vector<Session::Impl*> idle ABSL_GUARDED_BY(mu);
};

Pool::Pool(PoolOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Pool::~Pool() = default;

int64_t Pool::statements() const {
  return impl_->statements.load(std::memory_order_relaxed);
}

absl::StatusOr<Rows> Pool::RunWith(const Query& query, absl::Span<const Param> params) {
  for (int attempt = 1;; ++attempt) {
    absl::StatusOr<Rows> rows;
    {
      Impl::Lease session(*impl_);
      RETURN_IF_ERROR(session.Ready());
      rows = session->Run(query, params);
    }
    if (!absl::IsAborted(rows.status()) || attempt == kAttempts) return rows;
    BackOff(attempt);
  }
}

absl::Status Pool::Impl::Commit(Session::Impl& session, bool& again) {
  absl::StatusOr<Rows> committed = session.Execute("commit", "commit");
  if (!committed.ok()) {
    again = absl::IsAborted(committed.status());
    if (!session.broken()) return committed.status();
    return WithReason(absl::UnavailableError(committed.status().message()), "COMMIT_UNKNOWN");
  }
  if (!Session::Impl::SaysRollback(*committed)) return absl::OkStatus();
  again = absl::IsAborted(session.failure);
  return session.failure.ok() ? absl::InternalError("database: COMMIT rolled back") : session.failure;
}

absl::Status Pool::Impl::TryTransaction(const std::function<absl::Status(Session&)>& body, bool& again) {
  Lease lease(*this);
  RETURN_IF_ERROR(lease.Ready());
  if (absl::StatusOr<Rows> begun = lease->Execute("begin", "begin"); !begun.ok()) {
    again = absl::IsUnavailable(begun.status());
    return begun.status();
  }
  Session session(*lease);
  absl::Status status = body(session);
  if (lease->broken()) {
    // COMMIT was not sent, so nothing was done. A server that does not answer at all is not asked again.
    again = absl::IsUnavailable(lease->failure) || absl::IsAborted(lease->failure);
    return lease->failure;
  }
  if (status.ok()) return Commit(*lease, again);
  again = absl::IsAborted(lease->failure);
  if (absl::StatusOr<Rows> rolled_back = lease->Execute("rollback", "rollback"); !rolled_back.ok())
    lease->connection->Break();
  return status;
}

absl::Status Pool::Transaction(const std::function<absl::Status(Session&)>& body) {
  for (int attempt = 1;; ++attempt) {
    bool again = false;
    absl::Status status = impl_->TryTransaction(body, again);
    if (status.ok() || !again || attempt == kAttempts) return status;
    BackOff(attempt);
  }
}

}  // namespace lectern::pg
