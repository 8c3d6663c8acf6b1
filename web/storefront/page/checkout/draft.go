package checkout

import (
	"encoding/json"

	"github.com/souk-commerce/souk/web/browser"
)

// draft is what a tab keeps of a checkout, so that loading it again loses no typing.
// The card is not among it.
type draft struct {
	Email      string `json:"email"`
	Name       string `json:"name"`
	Company    string `json:"company"`
	Line1      string `json:"line1"`
	Line2      string `json:"line2"`
	City       string `json:"city"`
	Region     string `json:"region"`
	PostalCode string `json:"postal_code"`
	Country    string `json:"country"`
	Phone      string `json:"phone"`
	Option     string `json:"option"`
}

const draftKey = "checkout"

// save keeps the draft in the tab.
func (p *Page) save() {
	to := &p.To
	kept, err := json.Marshal(draft{p.Email, to.Name, to.Company, to.Line1, to.Line2, to.City, to.Region, to.PostalCode, to.CountryCode, to.Phone, p.Option})
	if err == nil {
		browser.Session(draftKey, string(kept))
	}
}

// recall takes the draft up again, if there is one.
func (p *Page) recall() {
	var kept draft
	if json.Unmarshal([]byte(browser.OfSession(draftKey)), &kept) != nil {
		return
	}
	to := &p.To
	p.Email, p.Option = kept.Email, kept.Option
	to.Name, to.Company, to.Line1, to.Line2, to.City = kept.Name, kept.Company, kept.Line1, kept.Line2, kept.City
	to.Region, to.PostalCode, to.CountryCode, to.Phone = kept.Region, kept.PostalCode, kept.Country, kept.Phone
}

// forget ends the draft: what it was for is bought.
func forget() { browser.Session(draftKey, "") }
