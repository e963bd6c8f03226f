using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using WireGate.Configuration;
using WireGate.Core.Configuration;
using WireGate.Http.Forward;

namespace WireGate.Commands;

/// <summary><c>wiregate ca</c>: the authority of a forward listener, which its clients trust.</summary>
internal static class CaCommand
{
    private const UnixFileMode OwnersAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Everybodys = OwnersAlone | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    internal static Command Create() => new("ca", "The authority that signs for the hosts of targets, of a listener of protocol forward.") { CreateCreate(), CreateShow() };

    private static Command CreateCreate()
    {
        Option<string> config = ConfigOption();
        Option<string?> listener = ListenerOption();
        var replace = new Option<bool>("--replace") { Description = "Also where there is one: clients then have to trust the new one." };
        var more = new Option<string[]>("--host")
        {
            Description = "A name besides them, with what is below it, for targets to come: clients need not trust another then. May be repeated.",
            HelpName = "NAME",
            DefaultValueFactory = _ => [],
        };
        var command = new Command("create", "Make it: for the hosts of the config's targets and no others but those that are named, at the paths that the config names.") { config, listener, replace, more };
        command.SetAction((result, _) => CommandLine.GuardAsync(result, () =>
        {
            (GatewayConfig loaded, ListenerConfig found) = Find(result.GetRequiredValue(config), result.GetValue(listener));
            ImmutableArray<string> hosts = [.. ForwardAuthority.HostsOf(loaded).Union(result.GetRequiredValue(more).Select(HostOf)).Order(StringComparer.Ordinal)];
            if (hosts.IsEmpty)
            {
                throw new CommandException("no target of HTTP has hosts, so there is nothing that it could sign for: add hosts: [api.example.com] to one, or --host");
            }

            Make(found.Authority!, hosts, result.GetValue(replace));
            TextWriter output = result.InvocationConfiguration.Output;
            output.WriteLine($"made {found.Authority!.CertificatePath}, which clients trust, for {string.Join(", ", hosts)}");
            output.WriteLine($"made {found.Authority.KeyPath}, which the daemon's user has to read, and nobody else: chown it, or chgrp it and chmod 0640");
            return Task.CompletedTask;
        }));
        return command;
    }

    private static Command CreateShow()
    {
        Option<string> config = ConfigOption();
        Option<string?> listener = ListenerOption();
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new Command("show", "Print its certificate, and on standard error how clients are told to trust it.") { config, listener, json };
        command.SetAction((result, _) => CommandLine.GuardAsync(result, () =>
        {
            ListenerConfig found = Find(result.GetRequiredValue(config), result.GetValue(listener)).Listener;
            using X509Certificate2 certificate = Read(found.Authority!.CertificatePath);
            InvocationConfiguration streams = result.InvocationConfiguration;
            if (result.GetValue(json))
            {
                streams.Output.WriteLine(ToJson(found, certificate).ToJsonString(ConfigSchema.Printed));
                return Task.CompletedTask;
            }

            streams.Output.WriteLine(certificate.ExportCertificatePem());
            WriteTrust(streams.Error, found, certificate);
            return Task.CompletedTask;
        }));
        return command;
    }

    // Of one label, it would sign for all of .com.
    private static string HostOf(string text) =>
        Uri.CheckHostName(text) == UriHostNameType.Dns && text.All(char.IsAscii) && text.Contains('.', StringComparison.Ordinal) && !text.EndsWith('.') ? text.ToLowerInvariant() : throw new CommandException($"--host {text}: write a name of two parts or more, like example.com");

    private static Option<string> ConfigOption() => new("--config") { Description = "The config file.", DefaultValueFactory = _ => CheckCommand.DefaultConfig };

    private static Option<string?> ListenerOption() => new("--listener") { Description = "Which listener's; needed where there are several." };

    /// <exception cref="CommandException">There is none, or it is not clear which.</exception>
    private static (GatewayConfig Config, ListenerConfig Listener) Find(string path, string? name)
    {
        ConfigResult loaded = ConfigLoader.Load(path);
        if (loaded.Config is not { } config)
        {
            throw new CommandException($"{loaded.Errors[0]} (see: wiregate check --config {path})");
        }

        ListenerConfig[] found = [.. config.Listeners.Where(l => l.Authority is not null && (name is null || l.Name == name))];
        return found switch
        {
            [var one] => (config, one),
            [] when name is not null => throw new CommandException($"no listener of protocol forward has the name {name}"),
            [] => throw new CommandException(
                "no listener is of protocol forward, add one: { name: out, protocol: forward, address: \"127.0.0.1:3128\", ca: { certificate: /etc/wiregate/ca.crt, key: /etc/wiregate/ca.key } }"),
            _ => throw new CommandException($"which one? --listener {string.Join(" or ", found.Select(l => l.Name))}"),
        };
    }

    /// <exception cref="CommandException">There is one, or a file cannot be written.</exception>
    private static void Make(ForwardAuthorityConfig authority, ImmutableArray<string> hosts, bool replace)
    {
        foreach (string path in (string[])[authority.CertificatePath, authority.KeyPath])
        {
            if (!replace && File.Exists(path))
            {
                throw new CommandException($"{path} is there: with --replace another is made, which clients then have to trust");
            }
        }

        using X509Certificate2 certificate = ForwardAuthority.Create(hosts, TimeProvider.System.GetUtcNow());
        using ECDsa key = certificate.GetECDsaPrivateKey()!;
        char[] pem = key.ExportPkcs8PrivateKeyPem().ToCharArray();
        byte[] bytes = Encoding.ASCII.GetBytes(pem);
        try
        {
            Write(authority.KeyPath, [.. bytes, (byte)'\n'], OwnersAlone);
            Write(authority.CertificatePath, Encoding.ASCII.GetBytes(certificate.ExportCertificatePem() + "\n"), Everybodys);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(e.Message, e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
            Array.Clear(pem);
        }
    }

    // Whole, or not at all: nobody reads half of it, and nobody else reads it before its mode is set.
    private static void Write(string path, byte[] content, UnixFileMode mode)
    {
        string fresh = path + ".new";
        File.Delete(fresh);
        using (var file = new FileStream(fresh, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = mode }))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }

        File.Move(fresh, path, overwrite: true);
    }

    private static X509Certificate2 Read(string path)
    {
        try
        {
            return X509Certificate2.CreateFromPem(File.ReadAllText(path));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CommandException($"{path} does not exist: wiregate ca create makes it", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new CommandException($"{path} cannot be read: {e.Message}", e);
        }
    }

    private static string ProxyOf(ListenerConfig listener)
    {
        Address address = listener.Address;
        string host = IPAddress.TryParse(address.Host, out IPAddress? ip) && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any)) ? Dns.GetHostName() : address.Host!;
        return string.Create(CultureInfo.InvariantCulture, $"http://{(host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host)}:{address.Port}");
    }

    private static string UntilOf(X509Certificate2 certificate) => certificate.NotAfter.ToUniversalTime().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static void WriteTrust(TextWriter output, ListenerConfig listener, X509Certificate2 certificate)
    {
        string proxy = ProxyOf(listener), path = listener.Authority!.CertificatePath;
        output.WriteLine($"# signs for {string.Join(", ", ForwardAuthority.NamesOf(certificate).Select(Printable.Escape))}, and what is below them, until {UntilOf(certificate)}");
        output.WriteLine($"# SHA-256 {certificate.GetCertHashString(HashAlgorithmName.SHA256)}");
        output.WriteLine("# For clients, with a copy of the certificate. All but node's stand in place of what the system trusts.");
        output.WriteLine($"export HTTPS_PROXY={proxy} https_proxy={proxy} http_proxy={proxy}");
        output.WriteLine($"export CURL_CA_BUNDLE={path}        # curl");
        output.WriteLine($"export GIT_SSL_CAINFO={path}        # git");
        output.WriteLine($"export SSL_CERT_FILE={path}         # Go, Python's own ssl, OpenSSL");
        output.WriteLine($"export REQUESTS_CA_BUNDLE={path}    # Python's requests");
        output.WriteLine($"export NODE_EXTRA_CA_CERTS={path}   # node, beside what it trusts");
    }

    private static JsonObject ToJson(ListenerConfig listener, X509Certificate2 certificate) => new()
    {
        ["listener"] = listener.Name,
        ["proxy"] = ProxyOf(listener),
        ["names"] = new JsonArray([.. ForwardAuthority.NamesOf(certificate).Select(n => JsonValue.Create(n))]),
        ["until"] = UntilOf(certificate),
        ["sha256"] = certificate.GetCertHashString(HashAlgorithmName.SHA256),
        ["certificate"] = certificate.ExportCertificatePem(),
    };
}
