// An API in this process: a real gRPC server that answers Join and Attach as a test tells it to.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace lectern::v1 {
class Hello;
class JoinRequest;
class JoinResponse;
class ResourceMessage;
class ServerMessage;
}  // namespace lectern::v1

namespace lectern::testing {

constexpr absl::Duration kPatience = absl::Seconds(20);

// One stream of a resource. Thread-safe.
class Attachment {
 public:
  Attachment();
  ~Attachment();

  const v1::Hello& hello() const;
  const std::string& authorization() const;

  void Send(const v1::ServerMessage& message);
  void Assign(int64_t job, int64_t token);
  void Recorded(int64_t job, int64_t token);

  // The next message of this kind (ResourceMessage::MessageCase); others before it are dropped. Fails the test and returns an empty
  // one after kPatience, or at once where the stream has ended.
  v1::ResourceMessage Expect(int kind);
  // Until a message of this kind has come; takes none.
  void WaitFor(int kind);
  // All messages so far that nobody took, beats and progress included.
  std::vector<v1::ResourceMessage> TakeAll();

  // Ends the stream at once, as an instance that dies.
  void Reset();
  // Until the resource has ended it, or this side.
  void WaitEnded();

 private:
  friend class FakeApi;
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

class FakeApi {
 public:
  FakeApi();
  // Resets all streams.
  ~FakeApi();

  std::string address() const;

  // How Join answers; by default with "resources/7" and credential "credential-<n>", n counting joins.
  using JoinAnswer = std::function<absl::Status(const v1::JoinRequest&, v1::JoinResponse*)>;
  void set_join_answer(JoinAnswer answer);
  std::vector<v1::JoinRequest> joins();

  // What Welcome and Renewed say from now on. Three beats of silence end a stream, so a busy machine needs long ones.
  std::atomic<int> beat_ms = 500;
  std::atomic<int> lease_ms = 10'000;
  std::atomic<bool> welcomes = true;
  std::atomic<bool> renews = true;
  std::atomic<bool> reads = true;          // takes messages from its streams
  std::atomic<bool> keeps_all = true;      // answers a Hello that holds jobs with Reconcile.keep of all
  std::atomic<int> refuses_with = 0;       // a gRPC status code for Attach

  // The next stream that was not returned yet, after its Hello. Aborts after kPatience.
  std::shared_ptr<Attachment> NextAttachment();
  std::atomic<int> attachments = 0;

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace lectern::testing
