// NOTIFY between API instances: coalesced hints over a thread of their own, and LISTEN. A poll stands behind every hint.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "api/control/shared.h"
#include "common/pg/pool.h"

namespace lectern::api {

// Thread-safe.
class NotifyHub {
 public:
  struct Handlers {            // called from the listener's thread; must not block
    std::function<void()> work;
    std::function<void()> push;
    std::function<void()> directory;
  };
  NotifyHub(Shared& shared, Handlers handlers);
  ~NotifyHub();

  // Hints that were given before go out now.
  void Start();

  void NotifyWork();
  // `api_instance` empty: all.
  void NotifyPush(const std::string& api_instance);
  void NotifyDirectory();

 private:
  void Notify(const std::string& channel);
  void Send();

  Shared& shared_;
  const Handlers handlers_;
  absl::Mutex mu_;
  std::set<std::string> channels_ ABSL_GUARDED_BY(mu_);   // to be notified
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::unique_ptr<pg::Listener> listener_;
  std::thread sender_;
};

}  // namespace lectern::api
