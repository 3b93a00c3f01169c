// One watcher of a server-streaming method: what Invoker is to a call, this is to a stream.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "api/calls/invoker.h"
#include "api/calls/registry.h"

namespace lectern::api {

// Made by Invoker::StartWatch; the invoker outlives it. Not thread-safe: one turn at a time, on any thread.
class Watch {
 public:
  // The stream is over: it is counted, as OK unless a turn failed.
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // Looks what is new, as a call of its own: the caller is asked for anew, and so is the right, so that who loses it sees nothing
  // more. Takes nothing from the caller's rate. Blocks on the database. After an error, which is meant for the caller and has been
  // logged, there are no more turns.
  absl::Status Turn(Method::Events& events);

  // From the end of a turn to the next.
  absl::Duration interval() const { return method_.poll_interval; }
  const std::string& request_id() const { return metadata_.request_id; }

 private:
  friend class Invoker;
  Watch(Invoker& invoker, const Method& method, CallMetadata metadata, std::unique_ptr<google::protobuf::Message> request)
      : invoker_(invoker), method_(method), metadata_(std::move(metadata)), request_(std::move(request)) {}

  // The first turn takes from the rate and from what the caller may watch at once.
  absl::Status Run(CallContext& call, bool first, Method::Events& events);

  Invoker& invoker_;
  const Method& method_;
  CallMetadata metadata_;
  const std::unique_ptr<google::protobuf::Message> request_;
  std::shared_ptr<void> state_;
  std::string key_;                                        // by whose allowance; empty: not admitted
  absl::StatusCode ended_with_ = absl::StatusCode::kOk;
};

}  // namespace lectern::api
