# SPDX-License-Identifier: GPL-2.0-or-later
# An interface library with the flags that every target of ours is compiled with: warnings, and the
# hardening that golden/hardening looks for in what was built.
# What -Wsign-conversion adds to -Wconversion are warnings of casts between an enum, an index or a
# length and its signed twin, in glib's interfaces by the hundred; what loses bits is found without.
add_library(optrail_flags INTERFACE)
target_compile_options(optrail_flags INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wundef
  -Wno-sign-conversion -Wformat -Wformat-security -fstack-protector-strong -fstack-clash-protection
  -fno-common)
target_compile_definitions(optrail_flags INTERFACE _GNU_SOURCE)
target_include_directories(optrail_flags INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/generated)
if(OPTRAIL_WERROR)
  target_compile_options(optrail_flags INTERFACE -Werror)
endif()
if(OPTRAIL_FUZZ)
  target_compile_options(optrail_flags INTERFACE
    -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(optrail_flags INTERFACE -fsanitize=address,undefined)
elseif(OPTRAIL_SANITIZE)
  target_compile_options(optrail_flags INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(optrail_flags INTERFACE -fsanitize=address,undefined)
else()
  target_compile_definitions(optrail_flags INTERFACE $<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=3>)
  target_link_options(optrail_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)
endif()
if(OPTRAIL_COVERAGE)
  target_compile_options(optrail_flags INTERFACE --coverage -fprofile-update=atomic)
  target_link_options(optrail_flags INTERFACE --coverage)
endif()
