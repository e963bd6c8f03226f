using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using WireGate.Admin.Api;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;

namespace WireGate.Admin.Endpoints;

/// <summary>What may be minted under a config. Pure functions; what concerns the parent is the store's to judge.</summary>
internal static class MintRules
{
    // An OIDC subject is at most 255 ASCII characters, those of people and jobs far shorter; it must fit a user name beside the id.
    private const int LongestSubject = 128;

    // As long as any name of the config.
    private const int LongestClaimName = 63;

    // Far more than anybody lists by hand; it bounds the record in the audit log.
    private const int MostEntries = 64;

    // A placeholder that becomes valid in a year is a forgotten one.
    private static readonly TimeSpan FarthestStart = TimeSpan.FromDays(30);

    /// <summary>Judges a request.</summary>
    /// <returns>What to mint, or why not; exactly one of the two.</returns>
    public static (MintRequest? Request, string? Refusal) Judge(GatewayConfig config, MintBody body, Identity mintedBy, DateTimeOffset now)
    {
        if (!IsSubject(body.Subject))
        {
            return No($"subject: 1 to {LongestSubject} bytes of printable text without blanks at its ends");
        }

        IReadOnlyList<string> groups = body.Groups ?? [];
        IReadOnlyList<string> networks = body.Sources ?? [];
        // The declared types do not keep a JSON null out of a list.
        if (groups.Contains(null!) || body.Targets.Contains(null!) || networks.Contains(null!))
        {
            return No("groups, targets, sources: lists of text");
        }

        if (groups.Count > MostEntries || body.Targets.Count > MostEntries || networks.Count > MostEntries)
        {
            return No($"groups, targets, sources: at most {MostEntries} each");
        }

        IReadOnlyDictionary<string, string> claims = body.Claims ?? FrozenDictionary<string, string>.Empty;
        if (claims.Count > Core.Credentials.MintRules.MaxClaims)
        {
            return No($"claims: at most {Core.Credentials.MintRules.MaxClaims}");
        }

        foreach ((string name, string value) in claims)
        {
            // The declared type does not keep a JSON null out.
            if (!IsClaimName(name) || value is null || !IsSubject(value))
            {
                return No($"claim {Quote(name)}: a name of up to {LongestClaimName} letters, digits, '.', '_' and '-', and 1 to {LongestSubject} bytes of printable text");
            }
        }

        if (body.Targets.Count == 0)
        {
            return No("targets: name at least one");
        }

        foreach (string name in body.Targets)
        {
            if (!config.Targets.TryGetValue(name, out TargetConfig? target))
            {
                return No($"target {Quote(name)}: the config has none of this name");
            }

            if (body.Login is not null && !target.TryGetLogin(body.Login, out _))
            {
                return No($"login {Quote(body.Login)}: target {name} has none of this name, but {string.Join(", ", target.Logins.Select(l => l.Name))}");
            }
        }

        TimeSpan ttl = config.Placeholders.Ttl;
        if (body.Ttl is not null && (!Duration.TryParse(body.Ttl, out ttl) || ttl <= TimeSpan.Zero))
        {
            return No($"ttl {Quote(body.Ttl)}: a duration such as 15m");
        }

        if (ttl > config.Placeholders.MaxTtl)
        {
            return No($"ttl {Duration.Format(ttl)}: at most {Duration.Format(config.Placeholders.MaxTtl)} (placeholders.maxTtl)");
        }

        TimeSpan session = TimeSpan.Zero;
        if (body.Session is not null && (!Duration.TryParse(body.Session, out session) || session <= TimeSpan.Zero))
        {
            return No($"session {Quote(body.Session)}: a duration such as 1h");
        }

        if (session > Core.Credentials.MintRules.LongestSession)
        {
            return No($"session {Duration.Format(session)}: at most {Duration.Format(Core.Credentials.MintRules.LongestSession)}");
        }

        if (body.Uses < 1)
        {
            return No("uses: at least 1");
        }

        if (body.NotBefore - now > FarthestStart)
        {
            return No($"notBefore: at most {Duration.Format(FarthestStart)} from now");
        }

        ImmutableArray<IPNetwork>.Builder sources = ImmutableArray.CreateBuilder<IPNetwork>(networks.Count);
        foreach (string source in networks)
        {
            if (!TryReadSource(source, out IPNetwork network))
            {
                return No($"source {Quote(source)}: an address, or a network such as 10.0.0.0/8 without bits beyond its prefix");
            }

            sources.Add(network);
        }

        return (new MintRequest
        {
            Identity = new Identity
            {
                Issuer = Identity.LocalIssuer,
                Subject = body.Subject,
                Groups = [.. groups.Distinct(StringComparer.Ordinal)],
                Claims = claims.ToFrozenDictionary(StringComparer.Ordinal),
            },
            Targets = [.. body.Targets.Distinct(StringComparer.Ordinal)],
            Login = body.Login,
            Sources = sources.DrainToImmutable(),
            NotBefore = body.NotBefore > now ? body.NotBefore : null,
            Ttl = body.Ttl is null ? null : ttl,
            SessionLifetime = body.Session is null ? null : session,
            Uses = body.Uses,
            Parent = body.Parent,
            MintedBy = mintedBy,
        }, null);

        static (MintRequest?, string?) No(string refusal) => (null, refusal);
    }

    /// <summary>What the minter should know although it is minted: a target that no grant opens, or that no listener reaches.</summary>
    public static IEnumerable<string> Warnings(GatewayConfig config, MintRequest request)
    {
        foreach (string group in request.Identity!.Groups.Where(g => !KnownGroups(config).Contains(g)))
        {
            yield return $"group {Quote(group)}: no grant names it";
        }

        foreach (string name in request.Targets)
        {
            TargetConfig target = config.Targets[name];
            if (!Grants.Serving(config, request.Identity, target, request.Login).Any())
            {
                string login = request.Login is null ? "" : $" as {request.Login}";
                yield return $"no grant lets {request.Identity} use {name}{login}: it will be refused there until one does";
            }

            if (!config.Listeners.Any(l => l.Reaches(target)))
            {
                yield return $"no listener reaches {name}";
            }
        }
    }

    /// <summary>As the config writes names, so that a rule can ask for it.</summary>
    private static bool IsClaimName(string name) =>
        name.Length is > 0 and <= LongestClaimName
        && (char.IsAsciiLetterOrDigit(name[0]) || name[0] == '_')
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');

    internal static bool IsSubject(string subject)
    {
        if (subject.Length == 0 || Encoding.UTF8.GetByteCount(subject) > LongestSubject || subject != subject.Trim())
        {
            return false;
        }

        foreach (Rune rune in subject.EnumerateRunes())
        {
            // Format characters can make one name look like another; a lone surrogate is read as U+FFFD.
            if (rune == Rune.ReplacementChar || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
                or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator)
            {
                return false;
            }
        }

        return true;
    }

    private static HashSet<string> KnownGroups(GatewayConfig config) =>
        [.. config.Grants.SelectMany(g => g.Groups), .. config.UnixUsers.SelectMany(u => u.Groups)];

    private static bool TryReadSource(string text, out IPNetwork network)
    {
        network = default;
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        string host = slash < 0 ? text : text[..slash];
        // An IPv4 address that does not read back as itself is an old form: 10.1, 0x0a000001, 010.0.0.1.
        if (!IPAddress.TryParse(host, out IPAddress? address)
            || (address.AddressFamily == AddressFamily.InterNetwork && address.ToString() != host))
        {
            return false;
        }

        if (slash < 0)
        {
            network = new IPNetwork(address, address.GetAddressBytes().Length * 8);
            return true;
        }

        // The BCL drops bits beyond the prefix in silence; whoever wrote them meant something else.
        return IPNetwork.TryParse(text, out network) && network.BaseAddress.Equals(address);
    }

    private static string Quote(string text) => text.Length <= 64 ? $"\"{text}\"" : $"\"{text[..64]}…\"";
}
