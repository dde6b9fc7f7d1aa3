BEGIN TRANSACTION;
CREATE TABLE acknowledgements (
	id INTEGER NOT NULL, 
	entry INTEGER NOT NULL, 
	patient INTEGER NOT NULL, 
	rule TEXT NOT NULL, 
	flagged_on TEXT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(patient) REFERENCES patients (id)
)
 STRICT

;
INSERT INTO "acknowledgements" VALUES(1,9,2,'A2','');
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('1');
CREATE TABLE events (
	id INTEGER NOT NULL, 
	entry INTEGER NOT NULL, 
	thing INTEGER NOT NULL, 
	replaces INTEGER, 
	patient INTEGER NOT NULL, 
	date TEXT NOT NULL, 
	event TEXT NOT NULL, 
	value TEXT NOT NULL, 
	unit TEXT NOT NULL, 
	comment TEXT NOT NULL, 
	withdrawn INTEGER NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(thing) REFERENCES events (id), 
	UNIQUE (replaces), 
	FOREIGN KEY(replaces) REFERENCES events (id), 
	FOREIGN KEY(patient) REFERENCES patients (id)
)
 STRICT

;
CREATE TABLE findings (
	result INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	code TEXT NOT NULL, 
	severity TEXT NOT NULL, 
	what TEXT NOT NULL, 
	"where" TEXT NOT NULL, 
	fix TEXT NOT NULL, 
	PRIMARY KEY (result, position)
)
 WITHOUT ROWID,
 STRICT

;
INSERT INTO "findings" VALUES(1,0,'CODE','info','what','where','fix');
INSERT INTO "findings" VALUES(2,0,'CODE','info','what','where','fix');
INSERT INTO "findings" VALUES(3,0,'CODE','info','what','where','fix');
INSERT INTO "findings" VALUES(4,0,'CODE','info','what','where','fix');
INSERT INTO "findings" VALUES(5,0,'CODE','info','what','where','fix');
CREATE TABLE infusions (
	id INTEGER NOT NULL, 
	entry INTEGER NOT NULL, 
	thing INTEGER NOT NULL, 
	replaces INTEGER, 
	patient INTEGER NOT NULL, 
	infused_on TEXT NOT NULL, 
	product TEXT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(thing) REFERENCES infusions (id), 
	UNIQUE (replaces), 
	FOREIGN KEY(replaces) REFERENCES infusions (id), 
	FOREIGN KEY(patient) REFERENCES patients (id)
)
 STRICT

;
INSERT INTO "infusions" VALUES(1,4,1,NULL,1,'2026-01-12','CD19');
INSERT INTO "infusions" VALUES(2,4,2,NULL,2,'2026-01-12','CD19');
INSERT INTO "infusions" VALUES(3,4,3,NULL,3,'2026-01-12','CD19');
INSERT INTO "infusions" VALUES(4,4,4,NULL,4,'2026-01-12','CD19');
INSERT INTO "infusions" VALUES(5,4,5,NULL,5,'2026-01-12','CD19');
CREATE TABLE log (
	seq INTEGER NOT NULL, 
	schema INTEGER NOT NULL, 
	at TEXT NOT NULL, 
	who TEXT NOT NULL, 
	role TEXT NOT NULL, 
	action TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	"before" TEXT NOT NULL, 
	"after" TEXT NOT NULL, 
	why TEXT NOT NULL, 
	rows TEXT NOT NULL, 
	previous TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	PRIMARY KEY (seq)
)
 STRICT

;
INSERT INTO "log" VALUES(1,1,'2026-11-29T10:42:11.394+00:00','ada','admin','create','store','','{"layout": 1, "store": "faf1d08a300949b98b7441b2bad9fa0c"}','','{"people":[1,"a5ef97f3481bf859d5057d57fd33011f8a0fb97053a39c3a81ff3380968dbf90"]}','','af37ea04cddcc57c222b32cb68583abe4c125e3042dff5be1f51a7573862815f');
INSERT INTO "log" VALUES(2,1,'2026-11-29T10:42:11.400+00:00','ada','admin','appoint','user pat','','pathologist','','{"people":[1,"c536b0542d99de32bc8039f2092b278080c064cd64b998eb0b99fd0aac76fd39"]}','af37ea04cddcc57c222b32cb68583abe4c125e3042dff5be1f51a7573862815f','442fa10e6a07345d5c5f9d01d10768f43ba4f0edfe0ca9edeeb305a41c78c4c8');
INSERT INTO "log" VALUES(3,1,'2026-11-29T10:42:11.402+00:00','ada','admin','appoint','user pia','','pathologist','','{"people":[1,"b18450e062747189eac3b12cbd58464873fd3c0feca4965dcf948862e1f46e73"]}','442fa10e6a07345d5c5f9d01d10768f43ba4f0edfe0ca9edeeb305a41c78c4c8','68b1842d26d1d5ff1b77fa63788fe6af9f7b5efb57b74198d74924dbd186708f');
INSERT INTO "log" VALUES(4,1,'2026-11-29T10:42:11.409+00:00','ada','admin','import','','','','','{"infusions":[5,"72fafc568e77ee36798f57c839d463524898813282da8d6541867dc680bdda3a"],"patients":[5,"67d164f99dc0b4fa52364dc0b25f5a9fd2af967f29a0651b25ca43a3c62155cf"]}','68b1842d26d1d5ff1b77fa63788fe6af9f7b5efb57b74198d74924dbd186708f','0431d09c2c0b12e1e90635a40dcbb1ba3d716467758a47f98961cf9aed8416b8');
INSERT INTO "log" VALUES(5,1,'2026-11-29T10:42:11.417+00:00','ada','admin','batch','','','','','{"results":[5,"b95f121b77d6536cc7761fbfc1ca3b68ba7ba7bb48ccd5635bd8347d01490585"],"specimens":[5,"3398d6619978993a4b9aafa5b987f1152bddd9e1368381f3e00b63389176ac81"],"tubes":[5,"b384d63495b2935a63db7b59b82ba0d06320b86bdaa223110e9334d27f3d0c30"]}','0431d09c2c0b12e1e90635a40dcbb1ba3d716467758a47f98961cf9aed8416b8','242b69c1659580568f0357dcfbc54c983c254e304002aa5a4a230048354d80ee');
INSERT INTO "log" VALUES(6,1,'2026-11-29T10:42:11.435+00:00','pat','pathologist','sign','specimen S0: approved','{}','{"mrd": "POSITIVE"}','','{"signatures":[1,"5e482a1eb1f9f492f500c4c2a78acaeec853e0cb7349927d250e74b46919fe8e"]}','242b69c1659580568f0357dcfbc54c983c254e304002aa5a4a230048354d80ee','359a36ab897d1786f0c85abbe23ec95aad08ae20e88fb739fa1b07047b78d5ed');
INSERT INTO "log" VALUES(7,1,'2026-11-29T10:42:11.497+00:00','pat','pathologist','correct','tube P0.fcs','{"collected_on": "2026-02-09", "patient": "P0", "specimen": "S0", "type": "marrow"}','{"collected_on": "2026-02-09", "patient": "P1", "specimen": "S1x", "type": "marrow"}','labels swapped at receipt','{"proposals":[1,"a7a9abde129b2a10f38720a181407020472dca86f8909669e177b05fb076c05e"]}','359a36ab897d1786f0c85abbe23ec95aad08ae20e88fb739fa1b07047b78d5ed','9c5ebf321bc0376cc9714a99a5c2a60aae1c560f2c2d306e466ca85f7ca3444f');
INSERT INTO "log" VALUES(8,1,'2026-11-29T10:42:11.501+00:00','pat','pathologist','review','result 2','','approved','fine','{"reviews":[1,"4d4d8a3492f01e495bb164e0a8492a78a01df35b3caa5ae50df92257b34d7ed1"]}','9c5ebf321bc0376cc9714a99a5c2a60aae1c560f2c2d306e466ca85f7ca3444f','3837887ed6b1bd04749d552a1fd163b7bf4c4e402f275cde73d5528f1178ef0c');
INSERT INTO "log" VALUES(9,1,'2026-11-29T10:42:11.505+00:00','pat','pathologist','acknowledge','flag A2 of P1','','','seen','{"acknowledgements":[1,"adc93ae14f0b6c35ba85a3d63b726c1c7b5e68fe246e46b5c556d14a83a697a6"]}','3837887ed6b1bd04749d552a1fd163b7bf4c4e402f275cde73d5528f1178ef0c','7086041efd5616a0fbed75ab1f60d780b4126c357048fc8ab40c2df50eb79dda');
INSERT INTO "log" VALUES(10,1,'2026-11-29T10:42:11.511+00:00','pat','pathologist','report','report R1','','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','','{"reports":[1,"c0aba5a55787c973a6ca7e1294546f5af1f9fa3cce59c3b84404dbc5a7b10cbb"]}','7086041efd5616a0fbed75ab1f60d780b4126c357048fc8ab40c2df50eb79dda','74dc73836944bc12373f2806cff5d8dbcff0a7433b6c6835949e5cf0af8417f9');
CREATE TABLE measurements (
	result INTEGER NOT NULL, 
	quantity TEXT NOT NULL, 
	numerator INTEGER, 
	denominator INTEGER, 
	value REAL, 
	ci_low REAL, 
	ci_high REAL, 
	lod REAL, 
	loq REAL, 
	status TEXT NOT NULL, 
	qualifiers TEXT NOT NULL, 
	PRIMARY KEY (result, quantity)
)
 WITHOUT ROWID,
 STRICT

;
INSERT INTO "measurements" VALUES(1,'mrd',60,500000,0.00012,9.15738519596727e-05,1.54461125063589581416e-04,4.0e-05,0.0001,'POSITIVE','');
INSERT INTO "measurements" VALUES(2,'mrd',60,500000,0.00012,9.15738519596727e-05,1.54461125063589581416e-04,4.0e-05,0.0001,'POSITIVE','');
INSERT INTO "measurements" VALUES(3,'mrd',60,500000,0.00012,9.15738519596727e-05,1.54461125063589581416e-04,4.0e-05,0.0001,'POSITIVE','');
INSERT INTO "measurements" VALUES(4,'mrd',60,500000,0.00012,9.15738519596727e-05,1.54461125063589581416e-04,4.0e-05,0.0001,'POSITIVE','');
INSERT INTO "measurements" VALUES(5,'mrd',60,500000,0.00012,9.15738519596727e-05,1.54461125063589581416e-04,4.0e-05,0.0001,'POSITIVE','');
CREATE TABLE patients (
	id INTEGER NOT NULL, 
	entry INTEGER NOT NULL, 
	thing INTEGER NOT NULL, 
	replaces INTEGER, 
	patient_id TEXT NOT NULL, 
	birth_year INTEGER, 
	sex TEXT NOT NULL, 
	genotype TEXT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(thing) REFERENCES patients (id), 
	UNIQUE (replaces), 
	FOREIGN KEY(replaces) REFERENCES patients (id)
)
 STRICT

;
INSERT INTO "patients" VALUES(1,4,1,NULL,'P0',NULL,'','');
INSERT INTO "patients" VALUES(2,4,2,NULL,'P1',NULL,'','');
INSERT INTO "patients" VALUES(3,4,3,NULL,'P2',NULL,'','');
INSERT INTO "patients" VALUES(4,4,4,NULL,'P3',NULL,'','');
INSERT INTO "patients" VALUES(5,4,5,NULL,'P4',NULL,'','');
CREATE TABLE people (
	id INTEGER NOT NULL, 
	entry INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	role TEXT NOT NULL, 
	PRIMARY KEY (id)
)
 STRICT

;
INSERT INTO "people" VALUES(1,1,'ada','admin');
INSERT INTO "people" VALUES(2,2,'pat','pathologist');
INSERT INTO "people" VALUES(3,3,'pia','pathologist');
CREATE TABLE placements (
	result INTEGER NOT NULL, 
	gates TEXT NOT NULL, 
	PRIMARY KEY (result)
)
 WITHOUT ROWID,
 STRICT

;
INSERT INTO "placements" VALUES(1,'[{"gate": "cells"}]');
INSERT INTO "placements" VALUES(2,'[{"gate": "cells"}]');
INSERT INTO "placements" VALUES(3,'[{"gate": "cells"}]');
INSERT INTO "placements" VALUES(4,'[{"gate": "cells"}]');
INSERT INTO "placements" VALUES(5,'[{"gate": "cells"}]');
CREATE TABLE populations (
	result INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	path TEXT NOT NULL, 
	count INTEGER NOT NULL, 
	parent_count INTEGER NOT NULL, 
	PRIMARY KEY (result, position)
)
 WITHOUT ROWID,
 STRICT

;
INSERT INTO "populations" VALUES(1,0,'cells',500000,510000);
INSERT INTO "populations" VALUES(2,0,'cells',500000,510000);
INSERT INTO "populations" VALUES(3,0,'cells',500000,510000);
INSERT INTO "populations" VALUES(4,0,'cells',500000,510000);
INSERT INTO "populations" VALUES(5,0,'cells',500000,510000);
CREATE TABLE proposals (
	id INTEGER NOT NULL, 
	entry INTEGER NOT NULL, 
	what TEXT NOT NULL, 
	thing INTEGER NOT NULL, 
	becomes TEXT NOT NULL, 
	PRIMARY KEY (id)
)
 STRICT

;
INSERT INTO "proposals" VALUES(1,7,'tube',1,'{"collected_on":"2026-02-09","patient":"P1","specimen":"S1x","type":"marrow"}');
CREATE TABLE reports (
	id INTEGER NOT NULL, 
	entry INTEGER NOT NULL, 
	thing INTEGER NOT NULL, 
	replaces INTEGER, 
	patient INTEGER NOT NULL, 
	report_id TEXT NOT NULL, 
	status TEXT NOT NULL, 
	as_of TEXT NOT NULL, 
	format TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(thing) REFERENCES reports (id), 
	UNIQUE (replaces), 
	FOREIGN KEY(replaces) REFERENCES reports (id), 
	FOREIGN KEY(patient) REFERENCES patients (id)
)
 STRICT

;
INSERT INTO "reports" VALUES(1,10,1,NULL,2,'R1','draft','2026-03-01','html','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa');
CREATE TABLE results (
	id INTEGER NOT NULL, 
	entry INTEGER NOT NULL, 
	tube INTEGER NOT NULL, 
	source TEXT NOT NULL, 
	external INTEGER NOT NULL, 
	template TEXT NOT NULL, 
	template_version TEXT NOT NULL, 
	template_sha256 TEXT NOT NULL, 
	engine TEXT NOT NULL, 
	cytomon TEXT NOT NULL, 
	analysis TEXT NOT NULL, 
	content TEXT NOT NULL, 
	details TEXT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(tube) REFERENCES tubes (id)
)
 STRICT

;
INSERT INTO "results" VALUES(1,5,1,'batch',0,'b_all_mrd','1.0.0','','','0.1.0','','28340f9339011a957c9185149c8a1c87e24a09e8ef28dcdb753b173abb529eaa','');
INSERT INTO "results" VALUES(2,5,2,'batch',0,'b_all_mrd','1.0.0','','','0.1.0','','28340f9339011a957c9185149c8a1c87e24a09e8ef28dcdb753b173abb529eaa','');
INSERT INTO "results" VALUES(3,5,3,'batch',0,'b_all_mrd','1.0.0','','','0.1.0','','28340f9339011a957c9185149c8a1c87e24a09e8ef28dcdb753b173abb529eaa','');
INSERT INTO "results" VALUES(4,5,4,'batch',0,'b_all_mrd','1.0.0','','','0.1.0','','28340f9339011a957c9185149c8a1c87e24a09e8ef28dcdb753b173abb529eaa','');
INSERT INTO "results" VALUES(5,5,5,'batch',0,'b_all_mrd','1.0.0','','','0.1.0','','28340f9339011a957c9185149c8a1c87e24a09e8ef28dcdb753b173abb529eaa','');
CREATE TABLE reviews (
	id INTEGER NOT NULL, 
	entry INTEGER NOT NULL, 
	result INTEGER NOT NULL, 
	outcome INTEGER, 
	verdict TEXT NOT NULL, 
	adjustments TEXT NOT NULL, 
	comment TEXT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(result) REFERENCES results (id), 
	FOREIGN KEY(outcome) REFERENCES results (id)
)
 STRICT

;
INSERT INTO "reviews" VALUES(1,8,2,NULL,'approved','','fine');
CREATE TABLE signatures (
	id INTEGER NOT NULL, 
	entry INTEGER NOT NULL, 
	result INTEGER NOT NULL, 
	specimen INTEGER NOT NULL, 
	meaning TEXT NOT NULL, 
	content TEXT NOT NULL, 
	needs INTEGER NOT NULL, 
	amends INTEGER, 
	PRIMARY KEY (id), 
	FOREIGN KEY(result) REFERENCES results (id), 
	FOREIGN KEY(specimen) REFERENCES specimens (id), 
	FOREIGN KEY(amends) REFERENCES results (id)
)
 STRICT

;
INSERT INTO "signatures" VALUES(1,6,1,1,'approved','2599ebd3db204e8e16d93cac50183f3c746ea65132de8da5a54a7d3fd9573a33',1,NULL);
CREATE TABLE specimens (
	id INTEGER NOT NULL, 
	entry INTEGER NOT NULL, 
	thing INTEGER NOT NULL, 
	replaces INTEGER, 
	patient INTEGER NOT NULL, 
	specimen_id TEXT NOT NULL, 
	collected_on TEXT NOT NULL, 
	specimen_type TEXT NOT NULL, 
	received_on TEXT NOT NULL, 
	pull INTEGER, 
	cd19_clone TEXT NOT NULL, 
	cd22_clone TEXT NOT NULL, 
	instrument_qc TEXT NOT NULL, 
	viability REAL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(thing) REFERENCES specimens (id), 
	UNIQUE (replaces), 
	FOREIGN KEY(replaces) REFERENCES specimens (id), 
	FOREIGN KEY(patient) REFERENCES patients (id)
)
 STRICT

;
INSERT INTO "specimens" VALUES(1,5,1,NULL,1,'S0','2026-02-09','marrow','',NULL,'','','',NULL);
INSERT INTO "specimens" VALUES(2,5,2,NULL,2,'S1','2026-02-09','marrow','',NULL,'','','',NULL);
INSERT INTO "specimens" VALUES(3,5,3,NULL,3,'S2','2026-02-09','marrow','',NULL,'','','',NULL);
INSERT INTO "specimens" VALUES(4,5,4,NULL,4,'S3','2026-02-09','marrow','',NULL,'','','',NULL);
INSERT INTO "specimens" VALUES(5,5,5,NULL,5,'S4','2026-02-09','marrow','',NULL,'','','',NULL);
CREATE TABLE tubes (
	id INTEGER NOT NULL, 
	entry INTEGER NOT NULL, 
	thing INTEGER NOT NULL, 
	replaces INTEGER, 
	specimen INTEGER, 
	kind TEXT NOT NULL, 
	file TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	withdrawn INTEGER NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(thing) REFERENCES tubes (id), 
	UNIQUE (replaces), 
	FOREIGN KEY(replaces) REFERENCES tubes (id), 
	FOREIGN KEY(specimen) REFERENCES specimens (id)
)
 STRICT

;
INSERT INTO "tubes" VALUES(1,5,1,NULL,1,'file','P0.fcs','a9c030051bfe1e7a4b37dac28e4e2b1627eddc4255b688f3801d347419e4ff89',0);
INSERT INTO "tubes" VALUES(2,5,2,NULL,2,'file','P1.fcs','97f03e1af68adcb47e726261c87db6f2a4ce81233f343ee698d6b1c7f49613d6',0);
INSERT INTO "tubes" VALUES(3,5,3,NULL,3,'file','P2.fcs','fb38c417c92e25ba513900fb3826912f46b587ebc80c8db00307598897ddb050',0);
INSERT INTO "tubes" VALUES(4,5,4,NULL,4,'file','P3.fcs','8bc842381efbccd6fc8681304251925590040d1533945b1db5ca88f8c3b76f36',0);
INSERT INTO "tubes" VALUES(5,5,5,NULL,5,'file','P4.fcs','0af37985a365aaece51fd91c5229b5a64ff65c3dddbaa8949d34e569d8658c03',0);
CREATE INDEX ix_people_name ON people (name);
CREATE INDEX ix_patients_patient_id ON patients (patient_id);
CREATE INDEX ix_patients_thing ON patients (thing);
CREATE INDEX ix_infusions_patient ON infusions (patient);
CREATE INDEX ix_infusions_thing ON infusions (thing);
CREATE INDEX ix_events_patient ON events (patient);
CREATE INDEX ix_events_thing ON events (thing);
CREATE INDEX ix_acknowledgements_patient ON acknowledgements (patient);
CREATE INDEX ix_reports_patient ON reports (patient);
CREATE INDEX ix_reports_thing ON reports (thing);
CREATE INDEX ix_specimens_patient ON specimens (patient);
CREATE INDEX ix_specimens_specimen_id ON specimens (specimen_id);
CREATE INDEX ix_specimens_thing ON specimens (thing);
CREATE INDEX ix_tubes_file ON tubes (file);
CREATE INDEX ix_tubes_sha256 ON tubes (sha256);
CREATE INDEX ix_tubes_specimen ON tubes (specimen);
CREATE INDEX ix_tubes_thing ON tubes (thing);
CREATE INDEX ix_proposals_thing ON proposals (thing);
CREATE INDEX ix_results_tube ON results (tube);
CREATE INDEX ix_reviews_outcome ON reviews (outcome);
CREATE INDEX ix_reviews_result ON reviews (result);
CREATE INDEX ix_signatures_result ON signatures (result);
CREATE INDEX ix_signatures_specimen ON signatures (specimen);
CREATE TRIGGER no_update_log BEFORE UPDATE ON log BEGIN SELECT RAISE(ABORT, 'rows of a store are never changed or removed'); END;
CREATE TRIGGER no_delete_log BEFORE DELETE ON log BEGIN SELECT RAISE(ABORT, 'rows of a store are never changed or removed'); END;
CREATE TRIGGER no_update_people BEFORE UPDATE ON people BEGIN SELECT RAISE(ABORT, 'rows of a store are never changed or removed'); END;
CREATE TRIGGER no_delete_people BEFORE DELETE ON people BEGIN SELECT RAISE(ABORT, 'rows of a store are never changed or removed'); END;
CREATE TRIGGER no_update_patients BEFORE UPDATE ON patients BEGIN SELECT RAISE(ABORT, 'rows of a store are never changed or removed'); END;
CREATE TRIGGER no_delete_patients BEFORE DELETE ON patients BEGIN SELECT RAISE(ABORT, 'rows of a store are never changed or removed'); END;
CREATE TRIGGER no_update_infusions BEFORE UPDATE ON infusions BEGIN SELECT RAISE(ABORT, 'rows of a store are never changed or removed'); END;
CREATE TRIGGER no_delete_infusions BEFORE DELETE ON infusions BEGIN SELECT RAISE(ABORT, 'rows of a store are never changed or removed'); END;
CREATE TRIGGER no_update_events BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'rows of a store are never changed or removed'); END;
CREATE TRIGGER no_delete_events BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'rows of a store are never changed or removed'); END;
CREATE TRIGGER no_update_acknowledgements BEFORE UPDATE ON acknowledgements BEGIN SELECT RAISE(ABORT, 'rows of a store are never changed or removed'); END;
CREATE TRIGGER no_delete_acknowledgements BEFORE DELETE ON acknowledgements BEGIN SELECT RAISE(ABORT, 'rows of a store are never changed or removed'); END;
CREATE TRIGGER no_update_reports BEFORE UPDATE ON reports BEGIN SELECT RAISE(ABORT, 'rows of a store are never changed or removed'); END;
CREATE TRIGGER no_delete_reports BEFORE DELETE ON reports BEGIN SELECT RAISE(ABORT, 'rows of a store are never changed or removed'); END;
CREATE TRIGGER no_update_specimens BEFORE UPDATE ON specimens BEGIN SELECT RAISE(ABORT, 'rows of a store are never changed or removed'); END;
CREATE TRIGGER no_delete_specimens BEFORE DELETE ON specimens BEGIN SELECT RAISE(ABORT, 'rows of a store are never changed or removed'); END;
CREATE TRIGGER no_update_tubes BEFORE UPDATE ON tubes BEGIN SELECT RAISE(ABORT, 'rows of a store are never changed or removed'); END;
CREATE TRIGGER no_delete_tubes BEFORE DELETE ON tubes BEGIN SELECT RAISE(ABORT, 'rows of a store are never changed or removed'); END;
CREATE TRIGGER no_update_proposals BEFORE UPDATE ON proposals BEGIN SELECT RAISE(ABORT, 'rows of a store are never changed or removed'); END;
CREATE TRIGGER no_delete_proposals BEFORE DELETE ON proposals BEGIN SELECT RAISE(ABORT, 'rows of a store are never changed or removed'); END;
CREATE TRIGGER no_update_results BEFORE UPDATE ON results BEGIN SELECT RAISE(ABORT, 'rows of a store are never changed or removed'); END;
CREATE TRIGGER no_delete_results BEFORE DELETE ON results BEGIN SELECT RAISE(ABORT, 'rows of a store are never changed or removed'); END;
CREATE TRIGGER no_update_measurements BEFORE UPDATE ON measurements BEGIN SELECT RAISE(ABORT, 'rows of a store are never changed or removed'); END;
CREATE TRIGGER no_delete_measurements BEFORE DELETE ON measurements BEGIN SELECT RAISE(ABORT, 'rows of a store are never changed or removed'); END;
CREATE TRIGGER no_update_populations BEFORE UPDATE ON populations BEGIN SELECT RAISE(ABORT, 'rows of a store are never changed or removed'); END;
CREATE TRIGGER no_delete_populations BEFORE DELETE ON populations BEGIN SELECT RAISE(ABORT, 'rows of a store are never changed or removed'); END;
CREATE TRIGGER no_update_placements BEFORE UPDATE ON placements BEGIN SELECT RAISE(ABORT, 'rows of a store are never changed or removed'); END;
CREATE TRIGGER no_delete_placements BEFORE DELETE ON placements BEGIN SELECT RAISE(ABORT, 'rows of a store are never changed or removed'); END;
CREATE TRIGGER no_update_findings BEFORE UPDATE ON findings BEGIN SELECT RAISE(ABORT, 'rows of a store are never changed or removed'); END;
CREATE TRIGGER no_delete_findings BEFORE DELETE ON findings BEGIN SELECT RAISE(ABORT, 'rows of a store are never changed or removed'); END;
CREATE TRIGGER no_update_reviews BEFORE UPDATE ON reviews BEGIN SELECT RAISE(ABORT, 'rows of a store are never changed or removed'); END;
CREATE TRIGGER no_delete_reviews BEFORE DELETE ON reviews BEGIN SELECT RAISE(ABORT, 'rows of a store are never changed or removed'); END;
CREATE TRIGGER no_update_signatures BEFORE UPDATE ON signatures BEGIN SELECT RAISE(ABORT, 'rows of a store are never changed or removed'); END;
CREATE TRIGGER no_delete_signatures BEFORE DELETE ON signatures BEGIN SELECT RAISE(ABORT, 'rows of a store are never changed or removed'); END;
COMMIT;
