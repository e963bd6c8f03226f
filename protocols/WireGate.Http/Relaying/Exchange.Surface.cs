using System.Text;
using WireGate.Core.Configuration;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Sessions;
using WireGate.Http.Credentials;
using WireGate.Http.Http1;

namespace WireGate.Http.Relaying;

/// <content>Where a placeholder may stand.</content>
internal sealed partial class Exchange
{
    /// <summary>A placeholder stands where the real credential will: anywhere else it may be kept, or shown, by whoever reads that.</summary>
    private Refusal? CheckSurface(in PlaceholderSlot slot)
    {
        HttpLoginConfig? login = Access.Login.Http;
        bool isThere = login?.Surface switch
        {
            _ when _isKubernetes => slot.Kind == SlotKind.Bearer,
            _ when slot.Kind == SlotKind.Body => IsFieldOf(login),
            HttpSurface.BasicUser or HttpSurface.BasicPassword or HttpSurface.ClientCertificate => slot.Kind is SlotKind.Bearer or SlotKind.Basic,
            HttpSurface.Signature => slot.Kind is SlotKind.Signature or SlotKind.Bearer or SlotKind.Basic,
            HttpSurface.Header when login.Name.Equals("Authorization", StringComparison.OrdinalIgnoreCase) => slot.Kind is SlotKind.Bearer or SlotKind.Basic,
            HttpSurface.Header => slot.Kind == SlotKind.Field && Ascii.EqualsIgnoreCase(Head.Name(Head.Fields[slot.Field]), login.Name),
            HttpSurface.Query => slot.Kind == SlotKind.Query && IsParameter(Head.ReadTarget(), slot.Parameter, login.Name),
            HttpSurface.Cookie => slot.Kind == SlotKind.Cookie && IsCookie(slot, login.Name),
            _ => false,
        };
        return isThere ? CheckSignable(login!) : Elsewhere(login);
    }

    // Which target it is, and where that takes one, is for the operator alone: a guesser would learn what targets there are.
    private string NotThere() => TargetOf(Session.Config) is { } target
        ? $"no placeholder in the request: target \"{target.Name}\" takes it in {string.Join(", or ", target.Logins.Select(l => PlaceIn(l.Http, target.Protocol == ProtocolNames.Kubernetes)).Distinct())}"
        : "no placeholder in the request";

    private static string PlaceIn(HttpLoginConfig? login, bool isKubernetes) => login?.Surface switch
    {
        _ when isKubernetes => "the field Authorization, as a bearer token",
        HttpSurface.Query => $"the query parameter {login.Name}, once",
        HttpSurface.Header => $"the field {login.Name}",
        HttpSurface.Cookie => $"the cookie {login.Name}, once",
        HttpSurface.Body => $"the body of some paths, at {login.Name}",
        _ => "the field Authorization",
    };

    private Refusal Elsewhere(HttpLoginConfig? login)
    {
        string where = PlaceIn(login, _isKubernetes);
        return new Refusal(
            SessionEnd.FeatureRefused, $"this target takes a placeholder in {where}",
            $"a placeholder elsewhere than in {where}, which login \"{Access.Login.Name}\" names");
    }

    // By the name that it is configured by, and with no other that some server takes for it: that may be the one that counts, and would be the client's own.
    // Some begin the next parameter at a semicolon, and some at a ? that was escaped in the path.
    private static bool IsParameter(in RequestTarget target, Range own, string name)
    {
        ReadOnlySpan<byte> query = target.Query, pair = query[own];
        int equals = pair.IndexOf((byte)'='), count = 0;
        byte[] text = Encoding.ASCII.GetBytes(name);
        foreach (Range range in query.SplitAny("&;"u8))
        {
            count += LooseName.IsOf(query[range], text) ? 1 : 0;
        }

        return count == 1 && equals > 0 && HttpQuery.Parse(pair[..equals]) is [{ Key: var key }] && key == name && !new HttpPath(target.Path).MayHaveParameter(name);
    }

    // As a parameter is.
    private bool IsCookie(in PlaceholderSlot slot, string name)
    {
        byte[] text = Encoding.ASCII.GetBytes(name);
        int count = 0;
        foreach (ref readonly FieldLine field in Head.Fields)
        {
            count += field.Name == FieldName.Cookie ? CookieText.CountOf(Head.Value(field), text) : 0;
        }

        return count == 1 && CookieText.NameOf(Head.Value(Head.Fields[slot.Field])[slot.Parameter]).SequenceEqual(text);
    }
}
