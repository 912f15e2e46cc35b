package ingest

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"fmt"
	"sort"
	"strings"
)

// agentsCSV names the product tokens of user agent texts; its last column says
// where each is known from. A token is a product name, a product name with its
// major version ("RTC/3"), a whole text, or a beginning ("communicator.*").
//
//go:embed agents.csv
var agentsCSV []byte

// agent is what a token tells of the client.
type agent struct {
	kind         string
	communicator bool
}

var agentTokens, agentPrefixes = readAgents()

type agentPrefix struct {
	text string
	agent
}

func readAgents() (map[string]agent, []agentPrefix) {
	rows, err := csv.NewReader(bytes.NewReader(agentsCSV)).ReadAll()
	if err != nil {
		panic("agents.csv: " + err.Error()) // part of the program: a test loads it
	}
	tokens := make(map[string]agent, len(rows))
	var prefixes []agentPrefix
	for _, row := range rows[1:] {
		a := agent{kind: row[1], communicator: row[2] == "yes"}
		token := strings.ToLower(row[0])
		if p, ok := strings.CutSuffix(token, "*"); ok {
			prefixes = append(prefixes, agentPrefix{p, a})
			continue
		}
		if _, twice := tokens[token]; twice {
			panic(fmt.Sprintf("agents.csv: token %q stands twice", row[0]))
		}
		tokens[token] = a
	}
	sort.Slice(prefixes, func(i, j int) bool { return len(prefixes[i].text) > len(prefixes[j].text) })
	return tokens, prefixes
}

// ClientKind tells what sort of program a user agent text names: "desktop",
// "web", "phone", "mobile", "server", "gateway", "app" (a program without a
// person) or "unknown". The last product before the comment decides, as the
// first is only the stack; where that one is not known, the one before it.
func ClientKind(userAgent string) string {
	if kind := agentOf(userAgent).kind; kind != "" {
		return kind
	}
	return "unknown"
}

// IsCommunicator reports whether the text names the Office Communicator client
// or its successors, which are licensed like desktop software. Third-party
// clients are known to send the same text.
func IsCommunicator(userAgent string) bool { return agentOf(userAgent).communicator }

// communicatorVersions are the generations of the client by the major version
// that its user agent text states, from published texts (see agents.csv). Later
// clients state 16 as well.
var communicatorVersions = map[string]string{"1": "2005", "2": "2007", "3": "2007-r2", "4": "2010", "15": "2013", "16": "2015"}

// CommunicatorVersion tells the generation of the client that IsCommunicator
// knows, as servers of that time are called; empty where the text doesn't tell.
func CommunicatorVersion(userAgent string) string {
	if a, major := agentVersion(userAgent); a.communicator {
		return communicatorVersions[major]
	}
	return ""
}

// maxAgent is how much of a text is looked at; real ones are far shorter.
const maxAgent = 1024

func agentOf(userAgent string) agent {
	a, _ := agentVersion(userAgent)
	return a
}

// agentVersion tells the agent and the major version of its product.
func agentVersion(userAgent string) (a agent, major string) {
	s := strings.ToLower(strings.TrimSpace(cutText(userAgent, maxAgent)))
	if strings.IndexByte(s, ' ') < 0 { // IIS writes "+" for a space
		s = strings.TrimSpace(strings.ReplaceAll(s, "+", " "))
	}
	if a, ok := agentTokens[s]; ok {
		return a, ""
	}
	// A comment ends the products. Where it nests does not matter: nothing is
	// read behind its beginning.
	s, _, _ = strings.Cut(s, "(")
	products := agentProducts(s)
	for i := len(products) - 1; i >= 0; i-- {
		if a, ok := products[i].find(); ok {
			major, _, _ := strings.Cut(products[i].version, ".")
			return a, major
		}
	}
	return agent{}, ""
}

// agentProduct is one name/version pair. The name may have several words where a
// program does not keep to the grammar ("Inbound Routing/4.0.0.0").
type agentProduct struct{ name, version string }

func agentProducts(s string) []agentProduct {
	var list []agentProduct
	var words []string
	for w := range strings.FieldsSeq(s) {
		name, version, slash := strings.Cut(w, "/")
		if name != "" {
			words = append(words, name)
		}
		if slash {
			list = append(list, agentProduct{strings.Join(words, " "), version})
			words = words[:0]
		}
	}
	if len(words) > 0 {
		list = append(list, agentProduct{name: strings.Join(words, " ")})
	}
	return list
}

// find looks the product up: with its major version, by name, by the name
// without a version written into it, and then by fewer and fewer words.
func (p agentProduct) find() (agent, bool) {
	major, _, _ := strings.Cut(p.version, ".")
	if a, ok := agentTokens[p.name+"/"+major]; ok && major != "" {
		return a, true
	}
	for name := p.name; name != ""; {
		if a, ok := agentTokens[name]; ok {
			return a, true
		}
		if a, ok := agentTokens[strings.TrimRight(name, "0123456789._- ")]; ok {
			return a, true
		}
		i := strings.LastIndexByte(name, ' ')
		if i < 0 {
			break
		}
		name = name[:i]
	}
	for _, prefix := range agentPrefixes {
		if strings.HasPrefix(p.name, prefix.text) {
			return prefix.agent, true
		}
	}
	return agent{}, false
}

// agentCodes are the client codes of the UserAgentDef lookup table. They look
// like bits, but the high ones overlap as such: they are compared by equality.
var agentCodes = map[int]struct {
	kind   string
	system bool
}{
	4:     {"desktop", false}, // OC
	8:     {"phone", false},   // OCPhone
	16:    {"desktop", false}, // LMC
	64:    {"mobile", false},  // MM, MC
	128:   {"desktop", false}, // Attendant
	16386: {"mobile", false},  // CoMo
	16387: {"web", false},     // CWA
	16398: {"mobile", false},  // WPLync
	16399: {"mobile", false},  // iPhoneLync
	16400: {"mobile", false},  // AndroidLync
	16401: {"mobile", false},  // iPadLync
	16402: {"mobile", false},  // NokiaLync
	16403: {"desktop", false}, // LyncImm
	16405: {"web", false},     // LWA
	16406: {"web", false},     // OWA
	16407: {"desktop", false}, // AOC
	16408: {"desktop", false}, // GCC
	1:     {"server", true},   // MediationServer
	2:     {"server", true},   // AV-MCU
	32:    {"app", true},      // DVT
	256:   {"server", true},   // conferencing announcement service
	512:   {"server", true},   // conferencing attendant
	1024:  {"server", true},   // response group
	1032:  {"server", true},   // call park
	1040:  {"server", true},   // response group announcement
	2048:  {"server", true},   // Ccs
	16388: {"server", true},   // InboundRouting
	16389: {"server", true},   // ComoSvc
	16393: {"server", true},   // Exchange unified messaging
	16395: {"server", true},   // archiving agent
	16396: {"app", true},      // ST
	16397: {"server", true},   // application sharing MCU
	16404: {"server", true},   // PCS
	16409: {"server", true},   // IM MCU
	16410: {"gateway", true},  // XMPP gateway
	32769: {"gateway", true},  // gateway
	32770: {"gateway", true},  // gateway and Mediation Server pair
}

// SystemAgentCode reports whether a UserAgentDef code names a server, gateway
// or tool: never a person, never a CAL.
func SystemAgentCode(code int) bool { return agentCodes[code].system }

// AgentKindByCode is ClientKind for a UserAgentDef code; "unknown" for codes
// the vendor's table does not list.
func AgentKindByCode(code int) string {
	if a, ok := agentCodes[code]; ok {
		return a.kind
	}
	return "unknown"
}
