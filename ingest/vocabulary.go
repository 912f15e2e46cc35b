package ingest

// Activity is what a fact says a party did: the closed list of the product.
type Activity uint8

const (
	NoActivity Activity = iota
	IMIdentity
	VoiceExtension
	IMLogin
	IMSession
	CallPlaced
	CallReceived
	ConferenceOrganized
	ConferenceAttended
	Federation
)

var activityNames = [...]string{"", "im-identity", "voice-extension", "im-login", "im-session",
	"call-placed", "call-received", "conference-organized", "conference-attended", "federation"}

// Class says who a party is to the licensee. The zero value means "not stated".
type Class uint8

const (
	NoClass Class = iota
	Hosted
	Federated
	PublicIM
	Anonymous
	Guest
	PSTN
	Application
)

var classNames = [...]string{"", "hosted", "federated", "public-im", "anonymous", "guest", "pstn", "application"}

// Role is the part a person took in a conference.
type Role uint8

const (
	NoRole Role = iota
	Organizer
	Presenter
	Attendee
)

var roleNames = [...]string{"", "organizer", "presenter", "attendee"}

// Modality is one kind of media; a Media value is a set of them.
type Media uint8

const (
	MediaIM Media = 1 << iota
	MediaAudio
	MediaVideo
	MediaSharing
	MediaData
	MediaFile
)

var mediaNames = [...]string{"im", "audio", "video", "sharing", "data", "file"}

func (a Activity) String() string { return activityNames[a] }
func (c Class) String() string    { return classNames[c] }
func (r Role) String() string     { return roleNames[r] }

// String lists the members of the set in a fixed order, separated by "+".
func (m Media) String() string {
	s := ""
	for i, name := range mediaNames {
		if m&(1<<i) != 0 {
			if s != "" {
				s += "+"
			}
			s += name
		}
	}
	return s
}

// Standing reports whether the activity is a state that holds without any use:
// an enabled identity or a voice extension.
func (a Activity) Standing() bool { return a == IMIdentity || a == VoiceExtension }

// Call reports whether the activity is one side of a call.
func (a Activity) Call() bool { return a == CallPlaced || a == CallReceived }

// Conference reports whether the activity is a part in a conference.
func (a Activity) Conference() bool { return a == ConferenceOrganized || a == ConferenceAttended }

// ActivityNames, ClassNames, RoleNames and MediaNames are the valid words, for messages.
func ActivityNames() []string { return activityNames[1:] }
func ClassNames() []string    { return classNames[1:] }
func RoleNames() []string     { return roleNames[1:] }
func MediaNames() []string    { return mediaNames[:] }

// ParseActivity, ParseClass, ParseRole and ParseMedia read the exact lower-case words;
// empty text is the zero value, except for an activity, which must be named.
func ParseActivity(s string) (Activity, error) {
	i, err := word("activity", s, activityNames[1:])
	return Activity(i), err
}

func ParseClass(s string) (Class, error) {
	if s == "" {
		return NoClass, nil
	}
	i, err := word("class", s, classNames[1:])
	return Class(i), err
}

func ParseRole(s string) (Role, error) {
	if s == "" {
		return NoRole, nil
	}
	i, err := word("role", s, roleNames[1:])
	return Role(i), err
}

func ParseMedia(s string) (Media, error) {
	if s == "" {
		return 0, nil
	}
	i, err := word("modality", s, mediaNames[:])
	if err != nil {
		return 0, err
	}
	return 1 << (i - 1), nil
}

// word finds s among the names and returns its place counted from 1.
func word(what, s string, names []string) (int, error) {
	for i, name := range names {
		if s == name {
			return i + 1, nil
		}
	}
	return 0, told("unknown %s %s; valid: %s", what, quoteShort(s), list(names))
}

func list(names []string) string {
	s := ""
	for i, n := range names {
		if i > 0 {
			s += ", "
		}
		s += n
	}
	return s
}
