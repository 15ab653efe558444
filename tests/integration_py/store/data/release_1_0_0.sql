-- A store of release 1.0.0 as it made it, with data: a generation that was given up, and one in the middle of its run.
CREATE TABLE generations (
  id INTEGER NOT NULL,
  sweep VARCHAR NOT NULL,
  number INTEGER NOT NULL,
  state VARCHAR NOT NULL,
  definition JSON,
  models JSON NOT NULL,
  stack JSON NOT NULL,
  hosts JSON NOT NULL,
  created_at VARCHAR NOT NULL,
  completed_at VARCHAR,
  PRIMARY KEY (id),
  UNIQUE (sweep, number)
);

CREATE TABLE sessions (
  id VARCHAR NOT NULL,
  sweep VARCHAR NOT NULL,
  controller VARCHAR NOT NULL,
  pid INTEGER NOT NULL,
  started VARCHAR NOT NULL,
  began_at VARCHAR NOT NULL,
  ended_at VARCHAR,
  PRIMARY KEY (id)
);

CREATE TABLE cells (
  id VARCHAR NOT NULL,
  generation INTEGER NOT NULL,
  model VARCHAR NOT NULL,
  host_class VARCHAR NOT NULL,
  factor VARCHAR,
  level JSON,
  load JSON NOT NULL,
  chat JSON NOT NULL,
  load_digest VARCHAR NOT NULL,
  position INTEGER NOT NULL,
  state VARCHAR NOT NULL,
  numbers JSON,
  PRIMARY KEY (id),
  FOREIGN KEY(generation) REFERENCES generations (id)
);

CREATE INDEX ix_cells_generation ON cells (generation);

CREATE TABLE loads (
  id INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  host VARCHAR NOT NULL,
  model VARCHAR NOT NULL,
  load_digest VARCHAR NOT NULL,
  load JSON NOT NULL,
  load_seconds FLOAT,
  predicted_bytes BIGINT,
  resident_bytes BIGINT,
  available_bytes BIGINT,
  at VARCHAR NOT NULL,
  PRIMARY KEY (id),
  FOREIGN KEY(generation) REFERENCES generations (id)
);

CREATE INDEX ix_loads_generation ON loads (generation);

CREATE TABLE smokes (
  id INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  host VARCHAR NOT NULL,
  model VARCHAR NOT NULL,
  load_digest VARCHAR NOT NULL,
  ok BOOLEAN NOT NULL,
  checks JSON NOT NULL,
  at VARCHAR NOT NULL,
  PRIMARY KEY (id),
  FOREIGN KEY(generation) REFERENCES generations (id)
);

CREATE INDEX ix_smokes_generation ON smokes (generation);

CREATE TABLE trials (
  id VARCHAR NOT NULL,
  generation INTEGER NOT NULL,
  cell VARCHAR NOT NULL,
  model VARCHAR NOT NULL,
  model_digest VARCHAR NOT NULL,
  host_class VARCHAR NOT NULL,
  canary VARCHAR NOT NULL,
  canary_digest VARCHAR NOT NULL,
  grade INTEGER NOT NULL,
  replicate INTEGER NOT NULL,
  seed INTEGER NOT NULL,
  position INTEGER NOT NULL,
  load_digest VARCHAR NOT NULL,
  load JSON NOT NULL,
  chat JSON NOT NULL,
  budgets JSON NOT NULL,
  state VARCHAR NOT NULL,
  attempts INTEGER NOT NULL,
  PRIMARY KEY (id),
  FOREIGN KEY(generation) REFERENCES generations (id),
  FOREIGN KEY(cell) REFERENCES cells (id)
);

CREATE INDEX ix_trials_cell ON trials (cell);

CREATE INDEX ix_trials_generation ON trials (generation);

CREATE INDEX trials_waiting ON trials (generation, host_class, load_digest, state, position);

CREATE TABLE attempts (
  trial VARCHAR NOT NULL,
  number INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  worker VARCHAR NOT NULL,
  host VARCHAR NOT NULL,
  state VARCHAR NOT NULL,
  why VARCHAR,
  lease_until VARCHAR NOT NULL,
  started_at VARCHAR NOT NULL,
  ended_at VARCHAR,
  outcome VARCHAR,
  ceiling VARCHAR,
  detail VARCHAR,
  record JSON,
  PRIMARY KEY (trial, number),
  FOREIGN KEY(trial) REFERENCES trials (id),
  FOREIGN KEY(generation) REFERENCES generations (id),
  FOREIGN KEY(worker) REFERENCES sessions (id)
);

CREATE INDEX attempts_by_state ON attempts (state, worker);

CREATE INDEX ix_attempts_generation ON attempts (generation);

INSERT INTO generations (sweep, number, state, definition, models, stack, hosts, created_at, completed_at) VALUES ('nightly', 1, 'abandoned', '{"name": "nightly", "description": "", "models": ["tiny"], "canaries": ["hello", "sums"], "baseline": {"load": {"context_tokens": 4096}, "chat": {"temperature": 0.3}}, "cells": [{"temperature": 0.0}, {"context_tokens": 8192}], "replicates": 2, "seed": 1, "budgets": {}, "good_enough": {}}', '{"tiny": {"name": "tiny", "file": "tiny.gguf", "sha256": "abababababababababababababababababababababababababababababababab", "size_bytes": 100, "source": {"path": "/tiny.gguf"}, "total_parameters": 1000, "active_parameters": 1000, "chat_template": null, "chat_template_sha256": null, "description": "", "digest": "e315cdcbb3abe5137e8698841639007635be0bbf4612614f14f958683829bef9"}}', '{"llama_cpp/cpu/16": {"agent": "a1", "engine": {"build": "b1"}}}', '[{"name": "box", "host_class": "llama_cpp/cpu/16", "tier": "lite", "engine": "llama_cpp"}]', '2026-11-24T15:17:52.874+00:00', NULL);
INSERT INTO generations (sweep, number, state, definition, models, stack, hosts, created_at, completed_at) VALUES ('nightly', 2, 'open', '{"name": "nightly", "description": "", "models": ["tiny"], "canaries": ["hello", "sums"], "baseline": {"load": {"context_tokens": 4096}, "chat": {"temperature": 0.3}}, "cells": [{"temperature": 0.0}, {"context_tokens": 8192}], "replicates": 2, "seed": 1, "budgets": {}, "good_enough": {}}', '{"tiny": {"name": "tiny", "file": "tiny.gguf", "sha256": "abababababababababababababababababababababababababababababababab", "size_bytes": 100, "source": {"path": "/tiny.gguf"}, "total_parameters": 1000, "active_parameters": 1000, "chat_template": null, "chat_template_sha256": null, "description": "", "digest": "e315cdcbb3abe5137e8698841639007635be0bbf4612614f14f958683829bef9"}}', '{"llama_cpp/cpu/16": {"agent": "a1", "engine": {"build": "b1"}}}', '[{"name": "box", "host_class": "llama_cpp/cpu/16", "tier": "lite", "engine": "llama_cpp"}]', '2026-11-24T15:17:53.053+00:00', NULL);
INSERT INTO sessions (id, sweep, controller, pid, started, began_at, ended_at) VALUES ('987a1e488e15497c89acd56d400f291a', 'nightly', 'here', 6556, 'long ago 1', '2026-11-24T15:17:52.951+00:00', '2026-11-24T15:17:53.193+00:00');
INSERT INTO sessions (id, sweep, controller, pid, started, began_at, ended_at) VALUES ('4cafaadf983d442c9ba2a09eb657f3ff', 'nightly', 'here', 6556, 'long ago 2', '2026-11-24T15:17:53.192+00:00', '2026-11-24T15:17:53.799+00:00');
INSERT INTO sessions (id, sweep, controller, pid, started, began_at, ended_at) VALUES ('efaf983e457048ce98ad611ec028cf18', 'nightly', 'here', 6556, 'long ago 3', '2026-11-24T15:17:53.794+00:00', NULL);
INSERT INTO cells (id, generation, model, host_class, factor, level, load, chat, load_digest, position, state, numbers) VALUES ('8ae99cee210a', 1, 'tiny', 'llama_cpp/cpu/16', NULL, NULL, '{"context_tokens": 4096}', '{"temperature": 0.3}', 'd1f382dadd45', 0, 'open', NULL);
INSERT INTO cells (id, generation, model, host_class, factor, level, load, chat, load_digest, position, state, numbers) VALUES ('990fac418c1c', 1, 'tiny', 'llama_cpp/cpu/16', 'temperature', '0', '{"context_tokens": 4096}', '{"temperature": 0.0}', 'd1f382dadd45', 1, 'open', NULL);
INSERT INTO cells (id, generation, model, host_class, factor, level, load, chat, load_digest, position, state, numbers) VALUES ('b0e7f4259597', 1, 'tiny', 'llama_cpp/cpu/16', 'context_tokens', '8192', '{"context_tokens": 8192}', '{"temperature": 0.3}', '9bbe488f21a1', 2, 'open', NULL);
INSERT INTO cells (id, generation, model, host_class, factor, level, load, chat, load_digest, position, state, numbers) VALUES ('42900b8eaefe', 2, 'tiny', 'llama_cpp/cpu/16', NULL, NULL, '{"context_tokens": 4096}', '{"temperature": 0.3}', 'd1f382dadd45', 0, 'unstable', '{"trial": "3370856ce215a91517e5", "voids": ["engine_error", "engine_error", "engine_error"]}');
INSERT INTO cells (id, generation, model, host_class, factor, level, load, chat, load_digest, position, state, numbers) VALUES ('c3b3587984a5', 2, 'tiny', 'llama_cpp/cpu/16', 'temperature', '0', '{"context_tokens": 4096}', '{"temperature": 0.0}', 'd1f382dadd45', 1, 'complete', NULL);
INSERT INTO cells (id, generation, model, host_class, factor, level, load, chat, load_digest, position, state, numbers) VALUES ('318461f0a815', 2, 'tiny', 'llama_cpp/cpu/16', 'context_tokens', '8192', '{"context_tokens": 8192}', '{"temperature": 0.3}', '9bbe488f21a1', 2, 'open', NULL);
INSERT INTO loads (generation, host, model, load_digest, load, load_seconds, predicted_bytes, resident_bytes, available_bytes, at) VALUES (2, 'box', 'tiny', 'd1f382dadd45', '{"context_tokens": 4096}', 0.7, 322122547200, 264000000, 21474836480, '2026-11-24T15:17:53.120+00:00');
INSERT INTO smokes (generation, host, model, load_digest, ok, checks, at) VALUES (2, 'box', 'tiny', 'd1f382dadd45', TRUE, '[{"name": "tool call", "ok": true, "detail": "it''s called"}]', '2026-11-24T15:17:53.159+00:00');
INSERT INTO trials (id, generation, cell, model, model_digest, host_class, canary, canary_digest, grade, replicate, seed, position, load_digest, load, chat, budgets, state, attempts) VALUES ('995899eb5eb4369c2c4a', 1, '990fac418c1c', 'tiny', 'e315cdcbb3abe5137e8698841639007635be0bbf4612614f14f958683829bef9', 'llama_cpp/cpu/16', 'sums', 'sums', 0, 1, 440386869, 0, 'd1f382dadd45', '{"context_tokens": 4096}', '{"temperature": 0.0}', '{"turns": 8, "generated_tokens": 900, "completion_tokens": 160, "wall_clock_seconds": 120}', 'done', 1);
INSERT INTO trials (id, generation, cell, model, model_digest, host_class, canary, canary_digest, grade, replicate, seed, position, load_digest, load, chat, budgets, state, attempts) VALUES ('fce1f10808461cd0379b', 1, '990fac418c1c', 'tiny', 'e315cdcbb3abe5137e8698841639007635be0bbf4612614f14f958683829bef9', 'llama_cpp/cpu/16', 'hello', 'hello', 0, 1, 283000878, 1, 'd1f382dadd45', '{"context_tokens": 4096}', '{"temperature": 0.0}', '{"turns": 8, "generated_tokens": 900, "completion_tokens": 160, "wall_clock_seconds": 120}', 'planned', 0);
INSERT INTO trials (id, generation, cell, model, model_digest, host_class, canary, canary_digest, grade, replicate, seed, position, load_digest, load, chat, budgets, state, attempts) VALUES ('af0f786e25225166795a', 1, '8ae99cee210a', 'tiny', 'e315cdcbb3abe5137e8698841639007635be0bbf4612614f14f958683829bef9', 'llama_cpp/cpu/16', 'sums', 'sums', 0, 1, 1031705305, 2, 'd1f382dadd45', '{"context_tokens": 4096}', '{"temperature": 0.3}', '{"turns": 8, "generated_tokens": 900, "completion_tokens": 160, "wall_clock_seconds": 120}', 'planned', 0);
INSERT INTO trials (id, generation, cell, model, model_digest, host_class, canary, canary_digest, grade, replicate, seed, position, load_digest, load, chat, budgets, state, attempts) VALUES ('83f9cc4054dd15612306', 1, '8ae99cee210a', 'tiny', 'e315cdcbb3abe5137e8698841639007635be0bbf4612614f14f958683829bef9', 'llama_cpp/cpu/16', 'hello', 'hello', 0, 1, 575696270, 3, 'd1f382dadd45', '{"context_tokens": 4096}', '{"temperature": 0.3}', '{"turns": 8, "generated_tokens": 900, "completion_tokens": 160, "wall_clock_seconds": 120}', 'planned', 0);
INSERT INTO trials (id, generation, cell, model, model_digest, host_class, canary, canary_digest, grade, replicate, seed, position, load_digest, load, chat, budgets, state, attempts) VALUES ('9dc2a0dce025e103ea44', 1, '990fac418c1c', 'tiny', 'e315cdcbb3abe5137e8698841639007635be0bbf4612614f14f958683829bef9', 'llama_cpp/cpu/16', 'sums', 'sums', 0, 2, 1447474109, 4, 'd1f382dadd45', '{"context_tokens": 4096}', '{"temperature": 0.0}', '{"turns": 8, "generated_tokens": 900, "completion_tokens": 160, "wall_clock_seconds": 120}', 'planned', 0);
INSERT INTO trials (id, generation, cell, model, model_digest, host_class, canary, canary_digest, grade, replicate, seed, position, load_digest, load, chat, budgets, state, attempts) VALUES ('0aad0d59098c2bdfff80', 1, '990fac418c1c', 'tiny', 'e315cdcbb3abe5137e8698841639007635be0bbf4612614f14f958683829bef9', 'llama_cpp/cpu/16', 'hello', 'hello', 0, 2, 597090037, 5, 'd1f382dadd45', '{"context_tokens": 4096}', '{"temperature": 0.0}', '{"turns": 8, "generated_tokens": 900, "completion_tokens": 160, "wall_clock_seconds": 120}', 'planned', 0);
INSERT INTO trials (id, generation, cell, model, model_digest, host_class, canary, canary_digest, grade, replicate, seed, position, load_digest, load, chat, budgets, state, attempts) VALUES ('2b3d34c4b1fd3af0ad2f', 1, '8ae99cee210a', 'tiny', 'e315cdcbb3abe5137e8698841639007635be0bbf4612614f14f958683829bef9', 'llama_cpp/cpu/16', 'sums', 'sums', 0, 2, 1280656943, 6, 'd1f382dadd45', '{"context_tokens": 4096}', '{"temperature": 0.3}', '{"turns": 8, "generated_tokens": 900, "completion_tokens": 160, "wall_clock_seconds": 120}', 'planned', 0);
INSERT INTO trials (id, generation, cell, model, model_digest, host_class, canary, canary_digest, grade, replicate, seed, position, load_digest, load, chat, budgets, state, attempts) VALUES ('e1063588164ae8dfc82e', 1, '8ae99cee210a', 'tiny', 'e315cdcbb3abe5137e8698841639007635be0bbf4612614f14f958683829bef9', 'llama_cpp/cpu/16', 'hello', 'hello', 0, 2, 1255853180, 7, 'd1f382dadd45', '{"context_tokens": 4096}', '{"temperature": 0.3}', '{"turns": 8, "generated_tokens": 900, "completion_tokens": 160, "wall_clock_seconds": 120}', 'planned', 0);
INSERT INTO trials (id, generation, cell, model, model_digest, host_class, canary, canary_digest, grade, replicate, seed, position, load_digest, load, chat, budgets, state, attempts) VALUES ('e806df82f78fbcf2b61b', 1, 'b0e7f4259597', 'tiny', 'e315cdcbb3abe5137e8698841639007635be0bbf4612614f14f958683829bef9', 'llama_cpp/cpu/16', 'hello', 'hello', 0, 1, 48087095, 8, '9bbe488f21a1', '{"context_tokens": 8192}', '{"temperature": 0.3}', '{"turns": 8, "generated_tokens": 900, "completion_tokens": 160, "wall_clock_seconds": 120}', 'planned', 0);
INSERT INTO trials (id, generation, cell, model, model_digest, host_class, canary, canary_digest, grade, replicate, seed, position, load_digest, load, chat, budgets, state, attempts) VALUES ('a693dfffa42300c1ced4', 1, 'b0e7f4259597', 'tiny', 'e315cdcbb3abe5137e8698841639007635be0bbf4612614f14f958683829bef9', 'llama_cpp/cpu/16', 'sums', 'sums', 0, 1, 712102361, 9, '9bbe488f21a1', '{"context_tokens": 8192}', '{"temperature": 0.3}', '{"turns": 8, "generated_tokens": 900, "completion_tokens": 160, "wall_clock_seconds": 120}', 'planned', 0);
INSERT INTO trials (id, generation, cell, model, model_digest, host_class, canary, canary_digest, grade, replicate, seed, position, load_digest, load, chat, budgets, state, attempts) VALUES ('097c3a91d505daf84223', 1, 'b0e7f4259597', 'tiny', 'e315cdcbb3abe5137e8698841639007635be0bbf4612614f14f958683829bef9', 'llama_cpp/cpu/16', 'hello', 'hello', 0, 2, 2034712286, 10, '9bbe488f21a1', '{"context_tokens": 8192}', '{"temperature": 0.3}', '{"turns": 8, "generated_tokens": 900, "completion_tokens": 160, "wall_clock_seconds": 120}', 'planned', 0);
INSERT INTO trials (id, generation, cell, model, model_digest, host_class, canary, canary_digest, grade, replicate, seed, position, load_digest, load, chat, budgets, state, attempts) VALUES ('fbec1a834fa497463eae', 1, 'b0e7f4259597', 'tiny', 'e315cdcbb3abe5137e8698841639007635be0bbf4612614f14f958683829bef9', 'llama_cpp/cpu/16', 'sums', 'sums', 0, 2, 1572353015, 11, '9bbe488f21a1', '{"context_tokens": 8192}', '{"temperature": 0.3}', '{"turns": 8, "generated_tokens": 900, "completion_tokens": 160, "wall_clock_seconds": 120}', 'planned', 0);
INSERT INTO trials (id, generation, cell, model, model_digest, host_class, canary, canary_digest, grade, replicate, seed, position, load_digest, load, chat, budgets, state, attempts) VALUES ('6db78b7a853d0185d035', 2, 'c3b3587984a5', 'tiny', 'e315cdcbb3abe5137e8698841639007635be0bbf4612614f14f958683829bef9', 'llama_cpp/cpu/16', 'sums', 'sums', 0, 1, 773341924, 0, 'd1f382dadd45', '{"context_tokens": 4096}', '{"temperature": 0.0}', '{"turns": 8, "generated_tokens": 900, "completion_tokens": 160, "wall_clock_seconds": 120}', 'done', 1);
INSERT INTO trials (id, generation, cell, model, model_digest, host_class, canary, canary_digest, grade, replicate, seed, position, load_digest, load, chat, budgets, state, attempts) VALUES ('445a0b6bdeb899a991a7', 2, 'c3b3587984a5', 'tiny', 'e315cdcbb3abe5137e8698841639007635be0bbf4612614f14f958683829bef9', 'llama_cpp/cpu/16', 'hello', 'hello', 0, 1, 1083607934, 1, 'd1f382dadd45', '{"context_tokens": 4096}', '{"temperature": 0.0}', '{"turns": 8, "generated_tokens": 900, "completion_tokens": 160, "wall_clock_seconds": 120}', 'done', 1);
INSERT INTO trials (id, generation, cell, model, model_digest, host_class, canary, canary_digest, grade, replicate, seed, position, load_digest, load, chat, budgets, state, attempts) VALUES ('d047289af3b7dc93c1f7', 2, '42900b8eaefe', 'tiny', 'e315cdcbb3abe5137e8698841639007635be0bbf4612614f14f958683829bef9', 'llama_cpp/cpu/16', 'sums', 'sums', 0, 1, 1781536307, 2, 'd1f382dadd45', '{"context_tokens": 4096}', '{"temperature": 0.3}', '{"turns": 8, "generated_tokens": 900, "completion_tokens": 160, "wall_clock_seconds": 120}', 'done', 1);
INSERT INTO trials (id, generation, cell, model, model_digest, host_class, canary, canary_digest, grade, replicate, seed, position, load_digest, load, chat, budgets, state, attempts) VALUES ('3370856ce215a91517e5', 2, '42900b8eaefe', 'tiny', 'e315cdcbb3abe5137e8698841639007635be0bbf4612614f14f958683829bef9', 'llama_cpp/cpu/16', 'hello', 'hello', 0, 1, 1170060925, 3, 'd1f382dadd45', '{"context_tokens": 4096}', '{"temperature": 0.3}', '{"turns": 8, "generated_tokens": 900, "completion_tokens": 160, "wall_clock_seconds": 120}', 'void', 3);
INSERT INTO trials (id, generation, cell, model, model_digest, host_class, canary, canary_digest, grade, replicate, seed, position, load_digest, load, chat, budgets, state, attempts) VALUES ('32449529cbcb3b3cee38', 2, 'c3b3587984a5', 'tiny', 'e315cdcbb3abe5137e8698841639007635be0bbf4612614f14f958683829bef9', 'llama_cpp/cpu/16', 'sums', 'sums', 0, 2, 989675005, 4, 'd1f382dadd45', '{"context_tokens": 4096}', '{"temperature": 0.0}', '{"turns": 8, "generated_tokens": 900, "completion_tokens": 160, "wall_clock_seconds": 120}', 'done', 1);
INSERT INTO trials (id, generation, cell, model, model_digest, host_class, canary, canary_digest, grade, replicate, seed, position, load_digest, load, chat, budgets, state, attempts) VALUES ('24ce0d9cb6ccda2070d2', 2, 'c3b3587984a5', 'tiny', 'e315cdcbb3abe5137e8698841639007635be0bbf4612614f14f958683829bef9', 'llama_cpp/cpu/16', 'hello', 'hello', 0, 2, 2083054603, 5, 'd1f382dadd45', '{"context_tokens": 4096}', '{"temperature": 0.0}', '{"turns": 8, "generated_tokens": 900, "completion_tokens": 160, "wall_clock_seconds": 120}', 'done', 1);
INSERT INTO trials (id, generation, cell, model, model_digest, host_class, canary, canary_digest, grade, replicate, seed, position, load_digest, load, chat, budgets, state, attempts) VALUES ('82a2ccfcbf81f379e9d1', 2, '42900b8eaefe', 'tiny', 'e315cdcbb3abe5137e8698841639007635be0bbf4612614f14f958683829bef9', 'llama_cpp/cpu/16', 'sums', 'sums', 0, 2, 1886199254, 6, 'd1f382dadd45', '{"context_tokens": 4096}', '{"temperature": 0.3}', '{"turns": 8, "generated_tokens": 900, "completion_tokens": 160, "wall_clock_seconds": 120}', 'planned', 0);
INSERT INTO trials (id, generation, cell, model, model_digest, host_class, canary, canary_digest, grade, replicate, seed, position, load_digest, load, chat, budgets, state, attempts) VALUES ('77e75c4b41015639b4be', 2, '42900b8eaefe', 'tiny', 'e315cdcbb3abe5137e8698841639007635be0bbf4612614f14f958683829bef9', 'llama_cpp/cpu/16', 'hello', 'hello', 0, 2, 2489859, 7, 'd1f382dadd45', '{"context_tokens": 4096}', '{"temperature": 0.3}', '{"turns": 8, "generated_tokens": 900, "completion_tokens": 160, "wall_clock_seconds": 120}', 'planned', 0);
INSERT INTO trials (id, generation, cell, model, model_digest, host_class, canary, canary_digest, grade, replicate, seed, position, load_digest, load, chat, budgets, state, attempts) VALUES ('c5cc33a5eff155818d1d', 2, '318461f0a815', 'tiny', 'e315cdcbb3abe5137e8698841639007635be0bbf4612614f14f958683829bef9', 'llama_cpp/cpu/16', 'hello', 'hello', 0, 1, 1886330743, 8, '9bbe488f21a1', '{"context_tokens": 8192}', '{"temperature": 0.3}', '{"turns": 8, "generated_tokens": 900, "completion_tokens": 160, "wall_clock_seconds": 120}', 'running', 1);
INSERT INTO trials (id, generation, cell, model, model_digest, host_class, canary, canary_digest, grade, replicate, seed, position, load_digest, load, chat, budgets, state, attempts) VALUES ('8d35c8adacfc22af401a', 2, '318461f0a815', 'tiny', 'e315cdcbb3abe5137e8698841639007635be0bbf4612614f14f958683829bef9', 'llama_cpp/cpu/16', 'sums', 'sums', 0, 1, 833663684, 9, '9bbe488f21a1', '{"context_tokens": 8192}', '{"temperature": 0.3}', '{"turns": 8, "generated_tokens": 900, "completion_tokens": 160, "wall_clock_seconds": 120}', 'planned', 0);
INSERT INTO trials (id, generation, cell, model, model_digest, host_class, canary, canary_digest, grade, replicate, seed, position, load_digest, load, chat, budgets, state, attempts) VALUES ('88c53e9f7ea943260864', 2, '318461f0a815', 'tiny', 'e315cdcbb3abe5137e8698841639007635be0bbf4612614f14f958683829bef9', 'llama_cpp/cpu/16', 'hello', 'hello', 0, 2, 1198885073, 10, '9bbe488f21a1', '{"context_tokens": 8192}', '{"temperature": 0.3}', '{"turns": 8, "generated_tokens": 900, "completion_tokens": 160, "wall_clock_seconds": 120}', 'planned', 0);
INSERT INTO trials (id, generation, cell, model, model_digest, host_class, canary, canary_digest, grade, replicate, seed, position, load_digest, load, chat, budgets, state, attempts) VALUES ('31a73c33b5b0299ef891', 2, '318461f0a815', 'tiny', 'e315cdcbb3abe5137e8698841639007635be0bbf4612614f14f958683829bef9', 'llama_cpp/cpu/16', 'sums', 'sums', 0, 2, 2058850270, 11, '9bbe488f21a1', '{"context_tokens": 8192}', '{"temperature": 0.3}', '{"turns": 8, "generated_tokens": 900, "completion_tokens": 160, "wall_clock_seconds": 120}', 'planned', 0);
INSERT INTO attempts (trial, number, generation, worker, host, state, why, lease_until, started_at, ended_at, outcome, ceiling, detail, record) VALUES ('995899eb5eb4369c2c4a', 1, 1, '987a1e488e15497c89acd56d400f291a', 'box', 'done', NULL, '2026-11-24T15:24:52.985+00:00', '2026-11-24T15:17:52.985+00:00', '2026-11-24T15:17:53.017+00:00', 'passed', NULL, NULL, '{"outcome": "passed", "ceiling": null, "detail": null}');
INSERT INTO attempts (trial, number, generation, worker, host, state, why, lease_until, started_at, ended_at, outcome, ceiling, detail, record) VALUES ('6db78b7a853d0185d035', 1, 2, '4cafaadf983d442c9ba2a09eb657f3ff', 'box', 'done', NULL, '2026-11-24T15:24:53.229+00:00', '2026-11-24T15:17:53.229+00:00', '2026-11-24T15:17:53.257+00:00', 'passed', NULL, NULL, '{"outcome": "passed", "ceiling": null, "detail": null, "turns": 5, "generated_tokens": 321, "wall_seconds": 9.25, "generated_tokens_per_second": 41.5}');
INSERT INTO attempts (trial, number, generation, worker, host, state, why, lease_until, started_at, ended_at, outcome, ceiling, detail, record) VALUES ('445a0b6bdeb899a991a7', 1, 2, '4cafaadf983d442c9ba2a09eb657f3ff', 'box', 'done', NULL, '2026-11-24T15:24:53.286+00:00', '2026-11-24T15:17:53.286+00:00', '2026-11-24T15:17:53.321+00:00', 'failed', 'turns', NULL, '{"outcome": "failed", "ceiling": "turns", "detail": null, "turns": 8, "generated_tokens": 800, "would_pass": true}');
INSERT INTO attempts (trial, number, generation, worker, host, state, why, lease_until, started_at, ended_at, outcome, ceiling, detail, record) VALUES ('d047289af3b7dc93c1f7', 1, 2, '4cafaadf983d442c9ba2a09eb657f3ff', 'box', 'done', NULL, '2026-11-24T15:24:53.358+00:00', '2026-11-24T15:17:53.358+00:00', '2026-11-24T15:17:53.397+00:00', 'passed', NULL, NULL, '{"outcome": "passed", "ceiling": null, "detail": null, "turns": 5, "generated_tokens": 321, "wall_seconds": 9.25, "generated_tokens_per_second": 41.5}');
INSERT INTO attempts (trial, number, generation, worker, host, state, why, lease_until, started_at, ended_at, outcome, ceiling, detail, record) VALUES ('3370856ce215a91517e5', 1, 2, '4cafaadf983d442c9ba2a09eb657f3ff', 'box', 'void', 'engine_error', '2026-11-24T15:24:53.445+00:00', '2026-11-24T15:17:53.445+00:00', '2026-11-24T15:17:53.481+00:00', 'void', NULL, 'engine_error', '{"outcome": "void", "ceiling": null, "detail": "engine_error", "error": "\u00c4: it stopped"}');
INSERT INTO attempts (trial, number, generation, worker, host, state, why, lease_until, started_at, ended_at, outcome, ceiling, detail, record) VALUES ('3370856ce215a91517e5', 2, 2, '4cafaadf983d442c9ba2a09eb657f3ff', 'box', 'void', 'engine_error', '2026-11-24T15:24:53.525+00:00', '2026-11-24T15:17:53.525+00:00', '2026-11-24T15:17:53.557+00:00', 'void', NULL, 'engine_error', '{"outcome": "void", "ceiling": null, "detail": "engine_error", "error": "\u00c4: it stopped"}');
INSERT INTO attempts (trial, number, generation, worker, host, state, why, lease_until, started_at, ended_at, outcome, ceiling, detail, record) VALUES ('3370856ce215a91517e5', 3, 2, '4cafaadf983d442c9ba2a09eb657f3ff', 'box', 'void', 'engine_error', '2026-11-24T15:24:53.590+00:00', '2026-11-24T15:17:53.590+00:00', '2026-11-24T15:17:53.633+00:00', 'void', NULL, 'engine_error', '{"outcome": "void", "ceiling": null, "detail": "engine_error", "error": "\u00c4: it stopped"}');
INSERT INTO attempts (trial, number, generation, worker, host, state, why, lease_until, started_at, ended_at, outcome, ceiling, detail, record) VALUES ('32449529cbcb3b3cee38', 1, 2, '4cafaadf983d442c9ba2a09eb657f3ff', 'box', 'done', NULL, '2026-11-24T15:24:53.670+00:00', '2026-11-24T15:17:53.670+00:00', '2026-11-24T15:17:53.701+00:00', 'passed', NULL, NULL, '{"outcome": "passed", "ceiling": null, "detail": null, "turns": 5, "generated_tokens": 321, "wall_seconds": 9.25, "generated_tokens_per_second": 41.5}');
INSERT INTO attempts (trial, number, generation, worker, host, state, why, lease_until, started_at, ended_at, outcome, ceiling, detail, record) VALUES ('24ce0d9cb6ccda2070d2', 1, 2, '4cafaadf983d442c9ba2a09eb657f3ff', 'box', 'done', NULL, '2026-11-24T15:24:53.730+00:00', '2026-11-24T15:17:53.730+00:00', '2026-11-24T15:17:53.754+00:00', 'passed', NULL, NULL, '{"outcome": "passed", "ceiling": null, "detail": null, "turns": 5, "generated_tokens": 321, "wall_seconds": 9.25, "generated_tokens_per_second": 41.5}');
INSERT INTO attempts (trial, number, generation, worker, host, state, why, lease_until, started_at, ended_at, outcome, ceiling, detail, record) VALUES ('c5cc33a5eff155818d1d', 1, 2, 'efaf983e457048ce98ad611ec028cf18', 'box', 'running', NULL, '2026-11-24T15:24:53.839+00:00', '2026-11-24T15:17:53.839+00:00', NULL, NULL, NULL, NULL, NULL);
