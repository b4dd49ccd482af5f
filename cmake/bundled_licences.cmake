# Copies the copyright notices of the Debian packages that the bundled libraries come from. Wants
# `folder` (where the programs are installed), below it `libraries` and `notices`, and
# Debian's name of the `architecture`.
set(folder "$ENV{DESTDIR}${folder}")
file(GLOB names RELATIVE "${folder}/${libraries}" "${folder}/${libraries}/*")
foreach(name IN LISTS names)
  execute_process(COMMAND dpkg-query --search "*/${architecture}/${name}" OUTPUT_VARIABLE found
                  COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCH "^[^:, ]+" package "${found}")
  file(COPY "/usr/share/doc/${package}/copyright" DESTINATION "${folder}/${notices}/${package}")
endforeach()
