// The API's calls for live streams, without gRPC and generated messages.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "rtmp_proxy/relay/relay.h"

namespace lectern::proxy {

struct LiveApiOptions {
  std::vector<std::string> addresses;    // HOST:PORT of the API's instances
  std::string ca_file;                   // as common/link
  bool plaintext = false;
  std::string credential;                // of this resource; secret
};

// A publisher's wish for a stream: by its token, or (resume) by the stream that this proxy had opened for it.
struct OpenCall {
  std::string token;       // secret
  std::string resume;      // "liveStreams/12"; empty: by token
  std::string view;        // "comb", "cam", "pres"
  std::string session;
  std::string peer;
};

struct OpenedStream {
  std::string stream;      // liveStreams/12
  std::string lecture;
  bool rehearsal = false;
  int64_t start_ms = 0;                  // time zero of the timeline, since 1970
  absl::Duration api_ahead;              // of the API's clock before Clock::Steady
};

struct StreamWarning {
  std::string code;
  std::string message;
};

struct StreamHealth {
  std::string stream;
  std::string session;
  bool publishing = false;
  std::string encoder;
  RelayState relay;
  std::vector<StreamWarning> warnings;
};

struct StreamOrder {
  enum Kind { kKeep, kReacquire, kEnd, kSuperseded, kReopen };
  std::string stream;
  Kind kind = kKeep;
  std::string reason;
};

// Whose fault a failed call is.
bool IsTokenRefused(const absl::Status& status);   // the token is wrong, expired or revoked
bool IsTrouble(const absl::Status& status);        // nobody answered, or not with an answer: may be well a moment later

// Thread-safe. Asks one instance after the other until one answers, beginning with the one that did last.
class LiveApi {
 public:
  // Errors: as rpc::MakeChannel.
  static absl::StatusOr<std::unique_ptr<LiveApi>> Connect(const LiveApiOptions& options, Clock& clock);
  virtual ~LiveApi() = default;

  // Errors of all: as proto/lectern/v1/live.proto, with the reason; IsTrouble where no instance answers within `patience`.
  virtual absl::StatusOr<OpenedStream> Open(const OpenCall& call, absl::Duration patience) = 0;
  virtual absl::StatusOr<IngestAddress> Acquire(const std::string& stream, const std::string& session, int64_t failed_epoch,
                                                absl::string_view reason, absl::Duration patience) = 0;
  virtual absl::StatusOr<std::vector<StreamOrder>> Report(const std::vector<StreamHealth>& streams, absl::Duration patience) = 0;
};

}  // namespace lectern::proxy
