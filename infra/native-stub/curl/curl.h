/* Empty on purpose: librdkafka is built without curl, yet asks for this header (see .cargo/config.toml). */
