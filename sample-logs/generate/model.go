package main

import "time"

// subject is one user or device identity that truth.json may have to list.
type subject struct {
	id, class string
	device    *device // set when this identity is a device, not a person

	imIdentity, voiceExtension bool // what the directory states
	exempted                   bool // by the estate file, validly

	// seen holds the newest server version of each kind of use, 0 for none;
	// the second index is 1 when the other side was a PSTN number.
	seen [nActivities][2]version
	// days marks the days of the window with each activity.
	days [nActivities][2]uint64
	// media is like seen: what the quality database tells.
	media [nActivities][2]version
}

// device is a machine with an id of its own.
type device struct {
	id, class   string
	cdrID       string // Devices.DeviceId
	mac         uint64
	identity    *subject // that this device is
	requiredUse bool     // by someone who needs a licence for it
	exemptUse   bool
	inEstate    bool // the estate file describes it
}

type activity uint8

const (
	imLogin activity = iota
	imSession
	callPlaced
	callReceived
	confOrganized
	confAttended
	federation
	nActivities
)

var activityNames = [nActivities]string{"im-login", "im-session", "call-placed", "call-received",
	"conference-organized", "conference-attended", "federation"}

// version of a server, comparable by age. Zero means nothing seen.
type version uint8

const (
	v2007 version = iota + 1
	v2007r2
)

var versionNames = [...]string{"", "2007", "2007-r2"}

// server is one front end and the pool it belongs to.
type server struct {
	fqdn, id         string
	pool, poolID, rd string // rd is the pool's name in the directory
	version          version
}

// party is one side of a session or a join as the call records show it.
type party struct {
	user      string // Users.UserId, "" for NULL
	endpoint  string
	client    string // ClientVersions.VersionId
	remote    bool   // came through the edge
	deskPhone bool
	who       *subject // nil: a server part, or nobody that can be known
	dev       *device
}

// person is somebody of the company, or a guest with an account.
type person struct {
	role     role
	office   int
	name     name
	number   int // position in the plan
	address  string
	older    string // an address the person had before, or has beside
	aliasKey string // key of the estate's [aliases] entry, if any
	line     string // E.164, without extension
	lineExt  string
	phoneID  string // Phones.PhoneId of the line
	who      *subject
	home     *server
	user     string // Users.UserId of the address
	oldUser  string // the same of the older address
	endpoint string
	client   string
	phone    *device // desk phone
	phoneEnd string  // endpoint of this person on the phone
}

// outsider is a party beyond the company.
type outsider struct {
	party
	address string
	phoneID string
}

// contact is a directory object without a person: application or phone.
type contact struct {
	party
	cn, address, line, phoneID, ownerURN, proxy string
	userObject                                  bool
}

// script is one planned event of a scenario, played on its day.
type script struct {
	day  int
	play func(ms int)
}

// world is the company, its records and what is known about them.
type world struct {
	cfg      config
	rng      rng
	first    time.Time // day 0
	dateText []string  // of each day, with the blank before the time
	cdr      *cdr
	qoe      *qoe  // nil without -qoe
	pile     *pile // nil without -pile

	people    []*person
	byRole    [nRoles][]*person
	apps      []*contact // applications, by estate or by their marks
	phones    []*contact // shared phones that are identities
	shared    []*device  // phones that shift workers share
	devices   []*device
	servers   []*server
	pilots    *server
	federated []*outsider
	publicIM  []*outsider
	domainGst []*outsider // guests by their domain
	pstn      []*outsider
	subjects  []*subject

	scriptDays []int
	scripted   map[int][]script
	planned    map[string]int // scenario name -> how often planned
	imports    map[string]*tally
	traffic    traffic
	position   []positionRow
}

// tally is what truth promises about one file.
type tally struct {
	Read     int `json:"read"`
	Rejected int `json:"rejected"`
}

func newWorld(cfg config) *world {
	w := &world{cfg: cfg, rng: rng{state: cfg.seed*0x5851f42d4c957f2d + 1}, planned: map[string]int{},
		scripted: map[int][]script{}, imports: map[string]*tally{}}
	w.first = cfg.end.AddDate(0, 0, 1-cfg.days)
	for d := 0; d < cfg.days; d++ {
		w.dateText = append(w.dateText, w.date(d).Format("2006-01-02 "))
	}
	// Scenarios are played on weekdays of the last four weeks, so that they
	// are inside the audit window however long the export is.
	for d := max(0, cfg.days-28); d < cfg.days; d++ {
		if w.weekday(d) {
			w.scriptDays = append(w.scriptDays, d)
		}
	}
	if len(w.scriptDays) == 0 {
		w.scriptDays = []int{cfg.days - 1}
	}
	return w
}

func (w *world) date(day int) time.Time { return w.first.AddDate(0, 0, day) }

func (w *world) weekday(day int) bool {
	d := w.date(day).Weekday()
	return d != time.Saturday && d != time.Sunday
}

func (w *world) newSubject(id, class string) *subject {
	s := &subject{id: id, class: class}
	w.subjects = append(w.subjects, s)
	return s
}

func (w *world) newDevice(id, class string) *device {
	d := &device{id: id, class: class}
	w.devices = append(w.devices, d)
	return d
}
