using System.Collections.Immutable;
using WireGate.Core.Configuration;

namespace WireGate.Configuration;

/// <summary>
/// What is opened once, at start. A reload that changes it is refused whole: half of a change in force would be worse than none.
/// </summary>
internal static class RestartOnly
{
    private const string Message = "cannot change while running, restart the daemon to change it";

    public static ImmutableArray<ConfigError> Check(GatewayConfig old, ConfigResult loaded)
    {
        GatewayConfig changed = loaded.Config!;
        MapNode root = loaded.Root!;
        var errors = ImmutableArray.CreateBuilder<ConfigError>();
        if (old.StorePath != changed.StorePath)
        {
            errors.Add(At(root, "store"));
        }

        if (old.Audit.Directory != changed.Audit.Directory)
        {
            errors.Add(At(root, "audit", "to"));
        }

        if (old.Transport != changed.Transport)
        {
            errors.Add(At(root, "transport"));
        }

        if (old.Reactors != changed.Reactors)
        {
            errors.Add(At(root, "reactors"));
        }

        if (Socket(old.Admin) != Socket(changed.Admin))
        {
            errors.Add(At(root, "admin", "socket"));
        }

        errors.AddRange(Listeners(old, changed, root));
        foreach (SecretConfig secret in changed.Secrets.Values.OrderBy(s => s.Name, StringComparer.Ordinal))
        {
            // The environment is read and scrubbed at start; a variable that nobody asked for then is gone.
            if (secret.Env is not null && !old.SecretVariables.Contains(secret.Env))
            {
                errors.Add(At(root, "secrets", secret.Name, "env"));
            }

            if (secret.Passphrase?.Env is { } passphrase && !old.SecretVariables.Contains(passphrase))
            {
                errors.Add(At(root, "secrets", secret.Name, "passphrase", "env"));
            }
        }

        return errors.ToImmutable();
    }

    private static IEnumerable<ConfigError> Listeners(GatewayConfig old, GatewayConfig changed, MapNode root)
    {
        var list = (ListNode)root.Find("listeners")!;
        var before = old.Listeners.Select(Opened).ToHashSet();
        foreach ((ListenerConfig listener, ConfigNode node) in changed.Listeners.Zip(list.Items))
        {
            if (!before.Remove(Opened(listener)))
            {
                yield return new ConfigError(node.Position, node.Path, $"where it listens {Message}");
            }
        }

        // One that moved was reported where it is now; this is for those that are nowhere.
        foreach ((string name, _, _, _) in before.Where(l => changed.Listeners.All(c => c.Name != l.Name)))
        {
            yield return new ConfigError(list.Position, list.Path, $"the listener {name} is gone, restart the daemon to close it");
        }
    }

    private static (string Name, string Protocol, Address Address, UnixFileMode? Mode) Opened(ListenerConfig listener) =>
        (listener.Name, listener.Protocol, listener.Address, listener.SocketMode);

    private static (string Path, UnixFileMode Mode, string? Group) Socket(AdminConfig admin) =>
        (admin.SocketPath, admin.SocketMode, admin.SocketGroup);

    /// <summary>At the key, or, if it is no longer written, at the nearest one above it.</summary>
    private static ConfigError At(MapNode root, params ReadOnlySpan<string> keys)
    {
        ConfigNode at = root;
        foreach (string key in keys)
        {
            at = (at as MapNode)?.Find(key) ?? at;
        }

        return new ConfigError(at.Position, string.Join('.', keys!), Message);
    }
}
