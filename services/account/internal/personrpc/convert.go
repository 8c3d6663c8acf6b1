package personrpc

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	accountv1 "github.com/souk-commerce/souk/api/gen/souk/account/v1"
	typev1 "github.com/souk-commerce/souk/api/gen/souk/type/v1"
	"github.com/souk-commerce/souk/services/account/internal/person"
)

func fromGrant(g person.Grant, expires time.Time) *accountv1.Session {
	return &accountv1.Session{
		Subject: g.Session.Subject, Role: string(g.Session.Role), Email: g.Account.Email, Name: g.Account.Name,
		ExpireTime: timestamppb.New(expires),
	}
}

func fromAccount(a person.Account) *accountv1.Profile {
	return &accountv1.Profile{Id: a.ID, Email: a.Email, Name: a.Name, CreateTime: timestamppb.New(a.Created)}
}

func fromAddress(a person.SavedAddress) *accountv1.SavedAddress {
	b := a.Address
	return &accountv1.SavedAddress{Id: a.ID, IsDefault: a.Default, Address: &typev1.Address{
		Name: b.Name, Company: b.Company, Line1: b.Line1, Line2: b.Line2, City: b.City, Region: b.Region,
		PostalCode: b.PostalCode, CountryCode: b.Country, Phone: b.Phone,
	}}
}

func toAddress(a *accountv1.SavedAddress) person.SavedAddress {
	b := a.GetAddress()
	return person.SavedAddress{ID: a.GetId(), Default: a.GetIsDefault(), Address: person.Address{
		Name: b.GetName(), Company: b.GetCompany(), Line1: b.GetLine1(), Line2: b.GetLine2(), City: b.GetCity(), Region: b.GetRegion(),
		PostalCode: b.GetPostalCode(), Country: b.GetCountryCode(), Phone: b.GetPhone(),
	}}
}
