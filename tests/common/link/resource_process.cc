// A resource in a process of its own, for tests that freeze and kill it: <api> <state_dir> <play_dir>.
//
// Each run appends a byte to <play_dir>/published every few milliseconds while it may publish, is done when <play_dir>/end exists,
// and makes <play_dir>/stopped where it was told to stop.

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/time/clock.h"
#include "common/link/link.h"
#include "lectern/v1/link.pb.h"

namespace {

using lectern::link::JobContext;
using lectern::link::Outcome;

Outcome Play(const std::string& dir, JobContext& context) {
  Outcome outcome;
  while (!std::filesystem::exists(dir + "/end")) {
    if (context.ShouldStop()) {
      std::ofstream(dir + "/stopped") << "stopped";
      outcome.kind = Outcome::kCancelled;
      return outcome;
    }
    if (context.MayPublish()) std::ofstream(dir + "/published", std::ios::app) << '.' << std::flush;
    absl::SleepFor(absl::Milliseconds(5));
  }
  return outcome;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  lectern::Metrics metrics;
  lectern::link::LinkConfig config;
  config.api = {argv[1]};
  config.state_dir = argv[2];
  config.organization_token = "organization-token";
  config.slots = 1;
  lectern::link::LinkHandlers handlers;
  handlers.run = [dir = std::string(argv[3])](const lectern::v1::Assign&, JobContext& context) { return Play(dir, context); };
  auto link = lectern::link::Link::Start(config, handlers, metrics);
  if (!link.ok()) return 1;
  // The test ends this process by a signal.
  while (true) absl::SleepFor(absl::Hours(1));
}
