# Writes the build facts with the commit that is checked out, when they have changed. Run at every
# build: -DSOURCE=folder of the project -DTEMPLATE=... -DOUTPUT=...
execute_process(
  COMMAND git -C "${SOURCE}" describe --always --abbrev=12 --exclude=* --dirty=+changes
  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
set(TELEKV_COMMIT "")
# A source archive has no commit.
if(NOT failed)
  set(TELEKV_COMMIT ", commit ${commit}")
endif()
configure_file("${TEMPLATE}" "${OUTPUT}" @ONLY)
