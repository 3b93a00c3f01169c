// A response body that may have nothing to say for long. Includes Asio, as server.h does.
#pragma once

#include "common/http/server.h"

namespace lectern::http {

class WaitingSource : public BodySource {
 public:
  // The client is gone, or has shut its side down: Next should end at once. On a thread of the server, while Next may run on
  // another one where the server has several. At most once.
  virtual void ClientLeft() = 0;
};

}  // namespace lectern::http
