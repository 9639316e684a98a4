// Certificates made for one test run, and a blocking TLS server that shows one of them.
#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace syncwarden::http {

template <auto Free>
struct OpensslDelete {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, OpensslDelete<EVP_PKEY_free>>;
using CertPtr = std::unique_ptr<X509, OpensslDelete<X509_free>>;
using SslCtxPtr = std::unique_ptr<SSL_CTX, OpensslDelete<SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, OpensslDelete<SSL_free>>;

struct Identity {
  KeyPtr key;
  CertPtr cert;
};

/// A certificate for `name` ("DNS:host" or "IP:address"; empty: an authority), signed by `issuer` or by
/// itself. It is valid from two days ago for `days`.
inline Identity make_identity(const std::string& common_name, const std::string& name, const Identity* issuer,
                              long days) {
  Identity made;
  made.key.reset(EVP_EC_gen("P-256"));
  made.cert.reset(X509_new());
  X509* const cert = made.cert.get();
  X509_set_version(cert, 2);
  static long serial = 1;
  ASN1_INTEGER_set(X509_get_serialNumber(cert), ++serial);
  constexpr long day = 86'400;
  X509_gmtime_adj(X509_getm_notBefore(cert), -2 * day);
  X509_gmtime_adj(X509_getm_notAfter(cert), (days - 2) * day);
  X509_set_pubkey(cert, made.key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0);
  X509* const signer = issuer != nullptr ? issuer->cert.get() : cert;
  X509_set_issuer_name(cert, X509_get_subject_name(signer));
  const auto extend = [cert, signer](int kind, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, signer, cert, nullptr, nullptr, 0);
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value);
    X509_add_ext(cert, extension, -1);
    X509_EXTENSION_free(extension);
  };
  if (name.empty()) {
    extend(NID_basic_constraints, "critical,CA:TRUE");
  } else {
    extend(NID_subject_alt_name, name.c_str());
  }
  X509_sign(cert, issuer != nullptr ? issuer->key.get() : made.key.get(), EVP_sha256());
  return made;
}

/// Writes certificate and key into one PEM file.
inline void write_pem(const Identity& identity, const std::string& path) {
  std::FILE* const file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return;
  PEM_write_X509(file, identity.cert.get());
  PEM_write_PrivateKey(file, identity.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(file);
}

/// A server's context; with `authority` it insists on a client certificate of it.
inline SslCtxPtr make_server_context(const Identity& identity, const Identity* authority) {
  SslCtxPtr context(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_use_certificate(context.get(), identity.cert.get());
  SSL_CTX_use_PrivateKey(context.get(), identity.key.get());
  if (authority != nullptr) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), authority->cert.get());
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  return context;
}

}  // namespace syncwarden::http
