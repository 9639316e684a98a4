# What `cmake --install` and the Debian package hold. Needs the target syncwarden.
if(NOT TARGET syncwarden)
  return()
endif()
include(GNUInstallDirs)

install(TARGETS syncwarden RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(FILES "${PROJECT_SOURCE_DIR}/systemd/syncwarden.service" DESTINATION /lib/systemd/system)
install(FILES "${PROJECT_SOURCE_DIR}/systemd/80-syncwarden.preset" DESTINATION /lib/systemd/system-preset)
install(FILES "${PROJECT_SOURCE_DIR}/config/minimal.yaml" DESTINATION /etc/syncwarden RENAME syncwarden.yaml)
install(FILES "${PROJECT_SOURCE_DIR}/README.md" DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/syncwarden")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/syncwarden" RENAME copyright)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/config/" DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/syncwarden/examples")
install(FILES "${PROJECT_SOURCE_DIR}/systemd/deb/syncwarden.8" DESTINATION "${CMAKE_INSTALL_MANDIR}/man8")
# The program knows its own completion, so these stay true.
set(completion "${PROJECT_BINARY_DIR}/completion")
file(WRITE "${completion}/syncwarden" "source <(syncwarden completion bash)\n")
file(WRITE "${completion}/_syncwarden" "#compdef syncwarden\nsource <(syncwarden completion zsh)\n_syncwarden \"$@\"\n")
file(WRITE "${completion}/syncwarden.fish" "syncwarden completion fish | source\n")
install(FILES "${completion}/syncwarden" DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions")
install(FILES "${completion}/_syncwarden" DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions")
install(FILES "${completion}/syncwarden.fish" DESTINATION "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME syncwarden)
set(CPACK_PACKAGE_VENDOR syncwarden)
set(CPACK_PACKAGE_CONTACT "The syncwarden authors <syncwarden@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "The control tower for Airbyte")
set(CPACK_PACKAGE_DESCRIPTION
  "A daemon beside Airbyte that starts every sync on time, watches every job\nand tells Prometheus what is late and why.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS tzdata)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS ca-certificates)
file(WRITE "${PROJECT_BINARY_DIR}/deb/conffiles" "/etc/syncwarden/syncwarden.yaml\n")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  "${PROJECT_BINARY_DIR}/deb/conffiles"
  "${PROJECT_SOURCE_DIR}/systemd/deb/postinst"
  "${PROJECT_SOURCE_DIR}/systemd/deb/prerm"
  "${PROJECT_SOURCE_DIR}/systemd/deb/postrm")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
