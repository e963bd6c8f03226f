using System.Text;

namespace WireGate.Http.Http1;

/// <summary>
/// Names of fields by which something before a server tells it who asks, from where, or for what other path than that of the request line. Servers
/// believe them: of a client none goes on.
/// </summary>
internal static class ClaimFields
{
    /// <summary>No name of <see cref="Names"/> is longer, and what is behind so many bytes of a longer one decides nothing.</summary>
    public const int Longest = 32;

    // Proxies that authenticate make names as they like, so that these are families: of oauth2-proxy, Kubernetes, Authelia, Grafana, nginx, Envoy, IIS, Kong,
    // Tailscale, and the proxies of AWS, Azure, Google and Cloudflare.
    private static readonly string[] Families =
    [
        "cf-access-", "client-cert", "impersonate-", "ssl-client-", "tailscale-user-", "x-amzn-mtls-", "x-amzn-oidc-", "x-auth-request-", "x-authenticated-",
        "x-authentik-", "x-client-cert", "x-envoy-peer-", "x-forwarded-", "x-goog-authenticated-user-", "x-goog-iap-", "x-ms-client-principal", "x-ms-token-",
        "x-pomerium-", "x-proxy-user", "x-remote-", "x-ssl-client-", "x-webauth-",
    ];

    private static readonly string[] Names =
    [
        "cf-connecting-ip", "client-ip", "fastly-client-ip", "remote-addr", "remote-email", "remote-groups", "remote-host", "remote-name", "remote-user",
        "true-client-ip", "x-anonymous-consumer", "x-arr-clientcert", "x-client-ip", "x-cluster-client-ip", "x-consumer-custom-id", "x-consumer-groups",
        "x-consumer-id", "x-consumer-username", "x-credential-identifier", "x-envoy-external-address", "x-envoy-internal", "x-envoy-original-host",
        "x-envoy-original-path", "x-forwarded", "x-host", "x-original-for", "x-original-forwarded-for", "x-original-host", "x-original-method",
        "x-original-path", "x-original-proto", "x-original-uri", "x-original-url", "x-proxyuser-ip", "x-real-ip", "x-rewrite-url",
    ];

    // By the first letter, since most names begin with another; a name has its end.
    private static readonly (byte[] Begin, bool IsWhole)[]?[] ByLetter = Sort();

    /// <summary>Whether a name is one of them, in whatever case.</summary>
    /// <param name="name">With dashes. One with underscores for them is another name here.</param>
    public static bool Is(ReadOnlySpan<byte> name)
    {
        foreach ((byte[] begin, bool isWhole) in name.IsEmpty ? [] : ByLetter[name[0] & 0x1F] ?? [])
        {
            if (isWhole ? Ascii.EqualsIgnoreCase(name, begin) : name.Length >= begin.Length && Ascii.EqualsIgnoreCase(name[..begin.Length], begin))
            {
                return true;
            }
        }

        return false;
    }

    private static (byte[] Begin, bool IsWhole)[]?[] Sort()
    {
        var sorted = new (byte[], bool)[]?[32];
        (string Text, bool IsWhole)[] all = [.. Families.Select(f => (f, false)), .. Names.Select(n => (n, true))];
        foreach (IGrouping<int, (string Text, bool IsWhole)> letter in all.GroupBy(a => a.Text[0] & 0x1F))
        {
            sorted[letter.Key] = [.. letter.Select(a => (Encoding.ASCII.GetBytes(a.Text), a.IsWhole))];
        }

        return sorted;
    }
}
