package ingest

import "bytes"

// iisPath is what is known of the web addresses below one path.
type iisPath struct {
	prefix   string   // lower case; one that ends in no "/" or "_" stands for the whole of a name
	activity Activity // what a named, successful request proves; NoActivity for nothing
	media    Media
	why      string // as a reason to skip what proves nothing
}

// iisPaths are the web components of the product. Sources: the vendor's lists
// of virtual directories for OCS 2007, 2007 R2 and Lync Server, and of /cwa/
// only inference. What each proves is the conservative reading:
//
//   - Communicator Web Access, the authentication and certificate services and
//     the mobility services are where people sign in.
//   - Meeting content (/etc/place/null, /Conf) and web meetings (/Reach, data
//     collaboration) are fetched by those who attend. It is weak evidence: it
//     tells that somebody with this name did, not which meeting it was, and of
//     everybody whose request has no name it tells nothing.
//   - Address books, group expansion and updates show a client and a machine's
//     address, neither of which is anybody; discovery and the pages for joining
//     and dialling in are open to everybody.
var iisPaths = []iisPath{
	{"/cwa", IMLogin, 0, "Communicator Web Access"},
	{"/webticket/webticketservice.svc", IMLogin, 0, "authentication service"},
	{"/certprov/certprovisioningservice.svc", IMLogin, 0, "certificate service"},
	{"/mcx/mcxservice.svc", IMLogin, 0, "mobility service"},
	{"/ucwa/v1", IMLogin, 0, "mobility service"},
	{"/etc/place/null", ConferenceAttended, MediaData, "meeting content"},
	{"/conf/int", ConferenceAttended, MediaData, "meeting content"},
	{"/conf/ext", ConferenceAttended, MediaData, "meeting content"},
	{"/reach/sip.svc", ConferenceAttended, MediaData, "web meeting"},
	{"/datacollabweb", ConferenceAttended, MediaData, "web meeting"},
	{"/collabcontent", ConferenceAttended, MediaData, "web meeting"},
	{"/abs", NoActivity, 0, "address book download"},
	{"/groupexpansion", NoActivity, 0, "distribution list expansion"},
	{"/requesthandler", NoActivity, 0, "device update"},
	{"/requesthandlerext", NoActivity, 0, "device update"},
	{"/deviceupdatefiles_", NoActivity, 0, "device update"},
	{"/autoupdate", NoActivity, 0, "client update"},
	{"/autodiscover/autodiscoverservice.svc", NoActivity, 0, "discovery of servers"},
	{"/rgsclients", NoActivity, 0, "response group agent service"},
	{"/meet", NoActivity, 0, "page for joining a meeting"},
	{"/dialin", NoActivity, 0, "page for dialling in"},
}

// iisOther is every other path: the logs of a web server hold whatever it serves.
const iisOther = 0

// iisByLetter lists the paths by the letter behind the first "/". Numbers count
// from 1.
var iisByLetter = func() (table [26][]uint8) {
	for i, p := range iisPaths {
		c := p.prefix[1] - 'a'
		table[c] = append(table[c], uint8(i+1))
	}
	return table
}()

// iisPathOf finds the number of the longest path that a request's address
// begins with, iisOther for none.
func iisPathOf(stem []byte) (best uint8) {
	if len(stem) < 4 || stem[0] != '/' {
		return iisOther
	}
	c := stem[1] | 0x20 - 'a'
	if c >= 26 {
		return iisOther
	}
	for _, n := range iisByLetter[c] {
		prefix := iisPaths[n-1].prefix
		if len(stem) < len(prefix) || !bytes.EqualFold(stem[:len(prefix)], []byte(prefix)) {
			continue
		}
		if end := prefix[len(prefix)-1]; len(stem) == len(prefix) || end == '_' || stem[len(prefix)] == '/' {
			if best == iisOther || len(prefix) > len(iisPaths[best-1].prefix) {
				best = n
			}
		}
	}
	return best
}
