// A peer that follows a script on its own thread.
#pragma once

#include "raw_socket.hpp"

#include <cstdint>
#include <functional>
#include <thread>
#include <utility>

namespace syncwarden::http {

class ScriptedPeer {
 public:
  using Script = std::function<void(const RawSocket& listener)>;
  explicit ScriptedPeer(Script script)
      : listener_(RawSocket::listen()),
        port_(listener_.port()),
        thread_([this, todo = std::move(script)] { todo(listener_); }) {}
  ScriptedPeer(const ScriptedPeer&) = delete;
  ScriptedPeer& operator=(const ScriptedPeer&) = delete;
  ~ScriptedPeer() {
    listener_.shutdown();  // wakes an accept() that nobody came for
    thread_.join();
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  RawSocket listener_;
  std::uint16_t port_;
  std::thread thread_;
};

}  // namespace syncwarden::http
