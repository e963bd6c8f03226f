using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using WireGate.Admin.Api;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;

namespace WireGate.Admin.Endpoints;

/// <summary>How a client reaches a target through this gateway, as far as the config tells.</summary>
internal static class ConnectHints
{
    /// <summary>One hint for each target of the placeholder that a listener reaches; the first listener of the config wins.</summary>
    public static IReadOnlyList<ConnectView> For(GatewayConfig config, Placeholder placeholder)
    {
        List<ConnectView> hints = [];
        foreach (string name in placeholder.Targets)
        {
            TargetConfig target = config.Targets[name];
            // kubectl shows its token over TLS only.
            IEnumerable<ListenerConfig> reaching = config.Listeners.Where(l => l.Reaches(target))
                .OrderBy(l => l.Protocol == ProtocolNames.Forward)
                .ThenBy(l => target.Protocol == ProtocolNames.Kubernetes && l.Tls is null);
            if (reaching.FirstOrDefault() is ListenerConfig listener)
            {
                hints.Add(For(config, placeholder, target, listener));
            }
        }

        return hints;
    }

    private static ConnectView For(GatewayConfig config, Placeholder placeholder, TargetConfig target, ListenerConfig listener)
    {
        if (target.Protocol == ProtocolNames.Ssh)
        {
            return new ConnectView
            {
                Target = target.Name,
                Host = Host(listener.Address.Host!, hasTls: true),
                Port = listener.Address.Port,
                User = listener.Target is null ? $"{placeholder.Identity.Subject}+{target.Name}" : placeholder.Identity.Subject,
            };
        }

        if (listener.Protocol == ProtocolNames.Forward)
        {
            return Forwarded(target, listener);
        }

        if (ProtocolNames.IsOverHttp(target.Protocol))
        {
            return ForHttp(target, listener);
        }

        string database = target.Databases.IsEmpty ? target.Name : target.Databases[0];
        // A database name that is ours in one target only says which is meant; otherwise the user name has to.
        bool isClear = listener.Target is not null
            || !config.Targets.Values.Any(t => t.Name != target.Name && (t.Name == database || t.Databases.Contains(database)));
        string user = $"{placeholder.Identity.Subject}+{placeholder.Id}{(isClear ? "" : "@" + target.Name)}";
        bool hasTls = listener.Tls is not null;
        (string host, int port) = listener.Address.Path is string path
            ? UnixPlace(path)
            : (Host(listener.Address.Host!, hasTls), listener.Address.Port);
        return new ConnectView
        {
            Target = target.Name,
            Host = host,
            Port = port,
            Database = database,
            User = user,
            SslMode = hasTls ? "verify-full" : "disable",
        };
    }

    private static ConnectView ForHttp(TargetConfig target, ListenerConfig listener)
    {
        bool hasTls = listener.Tls is not null;

        // A name of its own is what the client asks for, whatever address that stands for; over a Unix socket any will do.
        string host = listener.Target is null && !target.Hosts.IsEmpty ? target.Hosts[0]
            : listener.Address.IsUnix ? "localhost"
            : Host(listener.Address.Host!, hasTls);
        string path = listener.Target is null && target.Hosts.IsEmpty ? target.Path! : "";
        bool isKubernetes = target.Protocol == ProtocolNames.Kubernetes;
        string port = listener.Address.IsUnix ? "" : string.Create(CultureInfo.InvariantCulture, $":{listener.Address.Port}");
        return new ConnectView
        {
            Target = target.Name,
            Host = listener.Address.Path ?? host,
            Port = listener.Address.Port,
            User = "",
            Url = $"{(hasTls ? "https" : "http")}://{(host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host)}{port}{path}/",
            IsKubernetes = isKubernetes,
            Authority = isKubernetes && listener.Tls is { } tls ? AuthorityIn(tls.CertificatePath) : null,
        };
    }

    private static ConnectView Forwarded(TargetConfig target, ListenerConfig listener)
    {
        bool isClear = target.Tls.Mode == TlsMode.Disable;
        int port = target.Addresses[0].Port;
        string host = Host(listener.Address.Host!, hasTls: true);
        bool isKubernetes = target.Protocol == ProtocolNames.Kubernetes;
        return new ConnectView
        {
            Target = target.Name,
            Host = host,
            Port = listener.Address.Port,
            User = "",
            Url = string.Create(
                CultureInfo.InvariantCulture, $"{(isClear ? "http" : "https")}://{target.ForwardHosts.First()}{(port == (isClear ? 80 : 443) ? "" : $":{port}")}/"),
            Proxy = string.Create(CultureInfo.InvariantCulture, $"http://{(host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host)}:{listener.Address.Port}"),
            IsKubernetes = isKubernetes,
            Authority = isKubernetes ? AuthorityIn(listener.Authority!.CertificatePath) : null,
        };
    }

    // The last of a chain signed those before it; one that stands alone counts only if it signed itself.
    private static string? AuthorityIn(string path)
    {
        try
        {
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(path);
            return chain is [.., var last] && (chain.Count > 1 || last.SubjectName.RawData.AsSpan().SequenceEqual(last.IssuerName.RawData))
                ? last.ExportCertificatePem() : null;
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    // libpq names a Unix socket by its directory and the port in .s.PGSQL.<port>.
    private static (string Directory, int Port) UnixPlace(string path)
    {
        string number = Path.GetExtension(path).TrimStart('.');
        return (Path.GetDirectoryName(path)!, int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int port) ? port : 5432);
    }

    // A listener on every address is reached by this machine's name, which its certificate is for; in clear only over loopback.
    private static string Host(string host, bool hasTls) =>
        IPAddress.TryParse(host, out IPAddress? address) && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any))
            ? hasTls ? Dns.GetHostName() : "localhost"
            : host;
}
