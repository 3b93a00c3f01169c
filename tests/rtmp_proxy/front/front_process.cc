// A program that keeps a front and lets every personal token in, for tests that kill it. Arguments: state folder. Says the front's
// port on its output.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "common/base/text.h"
#include "rtmp_proxy/front/front.h"

int main(int, char** argv) {
  lectern::Metrics metrics;
  lectern::proxy::FrontOptions options;
  options.port = 0;
  options.state_dir = argv[1];
  lectern::proxy::FrontHandlers handlers;
  handlers.on_publish = [](const lectern::proxy::Knock&) { return lectern::RandomHex(16); };
  handlers.on_publish_done = [](const std::string&) {};
  lectern::proxy::TokenBook tokens(options.state_dir + "/tokens", lectern::RealClock());
  auto front = lectern::proxy::Front::Start(options, handlers, tokens, lectern::RealClock(), metrics);
  if (!front.ok()) {
    fprintf(stderr, "%s\n", front.status().ToString().c_str());
    return 1;
  }
  printf("%d\n", static_cast<int>((*front)->port()));
  fflush(stdout);
  while (true) pause();
}
