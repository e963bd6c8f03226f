namespace WireGate.Commands;

/// <summary>Where the daemon's admin socket is.</summary>
internal static class AdminSocketPath
{
    /// <summary>Where it is when nobody says otherwise.</summary>
    public const string Default = "/run/wiregate/admin.sock";

    /// <summary>The named socket; else the one of the named config; else <see cref="Default"/>.</summary>
    /// <param name="socket">What <c>--socket</c> says.</param>
    /// <param name="config">What <c>--config</c> says.</param>
    /// <param name="readConfig">Reads <c>admin.socket.path</c> of a config file.</param>
    public static string Resolve(string? socket, string? config, Func<string, string> readConfig) =>
        socket ?? (config is null ? Default : readConfig(config));
}
