package main

import (
	"os"
	"path/filepath"
	"strconv"
)

// Ids of the fixed lookup rows. Everything but the two fixed URI types and the
// roles is numbered at run time by a server, so the numbers are arbitrary.
const (
	tenantEnterprise, tenantFederated, tenantAnonymous, tenantPublic = "4", "7", "8", "9"

	uriUser, uriPhone                               = "0", "1"
	uriFocus, uriChat, uriAV, uriDataConf, uriShare = "6", "3", "9", "5", "12"

	clientOC, clientOCR2, clientPhone, clientCWA, clientMeeting        = "1", "2", "3", "4", "5"
	clientMobile, clientMediation, clientAVMCU, clientAttendant        = "6", "7", "8", "9"
	clientUM, clientPublic, clientSynthetic                            = "10", "11", "12"
	edgeID, mediationID, gatewayUS, gatewayParis                       = "1", "1", "1", "2"
	mediaIM, mediaFile, mediaShare, mediaAudio, mediaVideo, mediaCalls = 1, 2, 8, 16, 32, 48
)

// overlapFolder is the second nightly dump, which repeats the last days.
const overlapFolder = "cdr-night2"

// table writes one CSV file, and its twin in the second dump.
type table struct {
	main, twin *os.File
	buf, tbuf  []byte
	row        []byte // being built
	err        error
	n, t       *tally
}

const flushAt = 1 << 18

// cdr is the table set of one database.
type cdr struct {
	tables map[string]*table
	// mirrorFrom is the first day that the second dump repeats.
	mirrorFrom int

	sessions, voip, media, registrations, conferences,
	focus, mcuJoins, users, phones, confURIs, devices *table
	userID, phoneID, confURIID, deviceID int

	dialogs       *table            // nil without -qoe
	uris, numbers map[string]string // of Users and Phones, by id
}

// lookups are repeated whole in the second dump; the others by day.
var columns = map[string]string{
	"Users":            "NextUpdateTS,UserId,UserUri,TenantId,UriTypeId",
	"Tenants":          "TenantId,TenantKey",
	"UriTypes":         "UriTypeId,UriType",
	"Phones":           "PhoneId,PhoneUri,NextUpdateTS",
	"Gateways":         "GatewayId,Gateway",
	"MediationServers": "MediationServerId,MediationServer",
	"EdgeServers":      "EdgeServerId,EdgeServer",
	"Servers":          "ServerId,ServerFQDN",
	"Pools":            "PoolId,PoolFQDN",
	"ClientVersions":   "VersionId,Version,ClientType",
	"UserAgentDef":     "UAType,UAName,UACategory",
	"Devices":          "DeviceId,ManufacturerId,HardwareVersionId,MacAddress",
	"Manufacturers":    "ManufacturerId,Manufacturer",
	"HardwareVersions": "VersionId,Version",
	"Roles":            "RoleId,Role",
	"MediaList":        "MediaId,Media",
	"Mcus":             "McuId,McuUri,McuTypeId",
	"ConferenceUris":   "NextUpdateTS,ConferenceUriId,ConferenceUri,Checksum,UriTypeId",
	"SessionDetails": "SessionIdTime,SessionIdSeq,CorrelationId,ReplaceDialogIdTime,ReplaceDialogIdSeq,User1Id,User2Id," +
		"User1EndpointId,User2EndpointId,TargetUserId,SessionStartedById,OnBehalfOfId,ReferredById,ServerId,PoolId," +
		"ContentTypeID,User1ClientVerId,User2ClientVerId,User1EdgeServerid,User2EdgeServerid,IsUser1Internal," +
		"IsUser2Internal,InviteTime,ResponseTime,ResponseCode,DiagnosticId,CallPriority,User1MessageCount," +
		"User2MessageCount,SessionEndTime,MediaTypes,User1Flag,User2Flag,CallFlag,Processed",
	"VoipDetails": "SessionIdTime,SessionIdSeq,FromNumberId,ConnectedNumberId,FromMediationServerId," +
		"ToMediationServerId,FromGatewayId,ToGatewayId,DisconnectedbyURIId,DisconnectedbyPhoneId",
	"Dialogs": "SessionIdTime,SessionIdSeq,ExternalChecksum,ExternalId", // with -qoe
	"Media":   "SessionIdTime,SessionIdSeq,MediaId,StartTime,EndTime",
	"Conferences": "SessionIdTime,SessionIdSeq,ConferenceUriId,ConfInstance,ConferenceStartTime,ConferenceEndTime," +
		"PoolId,OrganizerId,Flag,Processed",
	"FocusJoinsAndLeaves": "SessionIdTime,SessionIdSeq,DialogSessionIdTime,DialogSessionIdSeq,UserId," +
		"FocusUserInstance,IsUserInternal,UserRole,UserJoinTime,UserLeaveTime,ClientVerId,UserEndpointId",
	"McuJoinsAndLeaves": "SessionIdTime,SessionIdSeq,UserId,McuUserInstance,IsFromPstn,McuId,DialogSessionIdTime," +
		"DialogSessionIdSeq,UserJoinTime,UserLeaveTime,ClientVerId",
	"Registration": "SessionIdTime,SessionIdSeq,UserId,EndpointId,EndpointEra,ClientVersionId,RegistrarId,PoolId," +
		"EdgeServerId,IsInternal,IsUserServiceAvailable,IsPrimaryRegistrar,IsPrimaryRegistrarCentral,RegisterTime," +
		"DeRegisterTime,ResponseCode,DiagnosticId,DeviceId,DeRegisterTypeId,IPAddress",
}

func (w *world) openCDR() error {
	c := &cdr{tables: map[string]*table{}, uris: map[string]string{}, numbers: map[string]string{}, mirrorFrom: w.cfg.days - 5}
	if w.cfg.events > 100_000 { // the second dump stays small
		c.mirrorFrom = w.cfg.days - 1
	}
	w.cdr = c
	for _, dir := range []string{"cdr", overlapFolder, "directory", "activity"} {
		if err := os.MkdirAll(filepath.Join(w.cfg.out, dir), 0o777); err != nil {
			return err
		}
	}
	for name, header := range columns {
		if name == "Dialogs" && !w.cfg.qoe {
			continue
		}
		t := &table{n: w.newTally("cdr/" + name + ".csv"), t: w.newTally(overlapFolder + "/" + name + ".csv")}
		var err error
		if t.main, err = os.Create(filepath.Join(w.cfg.out, "cdr", name+".csv")); err != nil {
			return err
		}
		if t.twin, err = os.Create(filepath.Join(w.cfg.out, overlapFolder, name+".csv")); err != nil {
			return err
		}
		t.buf = append(append(t.buf, header...), "\r\n"...)
		t.tbuf = append(t.tbuf, t.buf...)
		c.tables[name] = t
	}
	for name, field := range map[string]**table{"SessionDetails": &c.sessions, "VoipDetails": &c.voip, "Media": &c.media,
		"Registration": &c.registrations, "Conferences": &c.conferences, "FocusJoinsAndLeaves": &c.focus,
		"McuJoinsAndLeaves": &c.mcuJoins, "Users": &c.users, "Phones": &c.phones, "ConferenceUris": &c.confURIs,
		"Devices": &c.devices, "Dialogs": &c.dialogs} {
		*field = c.tables[name]
	}
	return nil
}

func (w *world) newTally(file string) *tally {
	t := &tally{}
	w.imports[file] = t
	return t
}

func (w *world) closeCDR() error {
	for _, t := range w.cdr.tables {
		t.flush()
		for _, f := range []*os.File{t.main, t.twin} {
			if err := f.Close(); err != nil && t.err == nil {
				t.err = err
			}
		}
		if t.err != nil {
			return t.err
		}
	}
	return nil
}

// end closes the row that was built in t.row, whose last field left a comma.
func (t *table) end(mirror bool) {
	t.row = append(t.row[:len(t.row)-1], '\r', '\n')
	t.buf = append(t.buf, t.row...)
	t.n.Read++
	if mirror {
		t.tbuf = append(t.tbuf, t.row...)
		t.t.Read++
	}
	t.row = t.row[:0]
	if len(t.buf) >= flushAt || len(t.tbuf) >= flushAt {
		t.flush()
	}
}

func (t *table) flush() {
	for _, o := range []struct {
		f *os.File
		b *[]byte
	}{{t.main, &t.buf}, {t.twin, &t.tbuf}} {
		if _, err := o.f.Write(*o.b); err != nil && t.err == nil {
			t.err = err
		}
		*o.b = (*o.b)[:0]
	}
}

// The field writers append one value and its comma.
func (t *table) str(s string) { t.row = append(append(t.row, s...), ',') }
func (t *table) num(n int)    { t.row = append(strconv.AppendInt(t.row, int64(n), 10), ',') }

func (t *table) bit(v bool) {
	if v {
		t.row = append(t.row, '1', ',')
	} else {
		t.row = append(t.row, '0', ',')
	}
}

// null leaves n fields empty.
func (t *table) null(n int) {
	for ; n > 0; n-- {
		t.row = append(t.row, ',')
	}
}

// time writes date text (11 bytes, "2009-03-02 ") and milliseconds of the day.
func (t *table) time(date string, ms int) {
	b := append(t.row, date...)
	b = two(b, ms/3600000, ':')
	b = two(b, ms/60000%60, ':')
	b = two(b, ms/1000%60, '.')
	ms %= 1000
	t.row = append(b, byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10), ',')
}

func two(b []byte, n int, sep byte) []byte { return append(b, byte('0'+n/10), byte('0'+n%10), sep) }

// whole writes one complete lookup row.
func (t *table) whole(fields ...string) {
	for _, f := range fields {
		t.str(f)
	}
	t.end(true)
}

func (c *cdr) addUser(uri, tenant, uriType string) string {
	c.userID++
	id := strconv.Itoa(1000 + c.userID)
	c.users.whole("", id, uri, tenant, uriType)
	c.uris[id] = uri
	return id
}

func (c *cdr) addPhone(number string) string {
	c.phoneID++
	id := strconv.Itoa(500 + c.phoneID)
	c.phones.whole(id, number, "")
	c.numbers[id] = number
	return id
}

func (c *cdr) addDevice(mac uint64) string {
	c.deviceID++
	id := strconv.Itoa(c.deviceID)
	c.devices.whole(id, strconv.Itoa(c.deviceID%2+1), "1", strconv.FormatUint(mac, 10))
	return id
}

func (c *cdr) addConferenceURI(uri, uriType string) string {
	c.confURIID++
	id := strconv.Itoa(c.confURIID)
	c.confURIs.whole("", id, uri, "", uriType)
	return id
}
