namespace WireGate.Ssh.Sftp;

/// <summary>What a SSH_FXP_EXTENDED asks for: OpenSSH's PROTOCOL section 4, and the drafts that it names.</summary>
internal enum SftpExtension
{
    /// <summary>Nobody here knows. The default.</summary>
    Unknown = 0,
    PosixRename,
    Hardlink,
    StatVfs,
    FStatVfs,
    FSync,
    LSetStat,
    Limits,
    ExpandPath,
    CopyData,
    HomeDirectory,
    UsersGroupsById,

    /// <summary>Another version of the protocol, which is not parsed here.</summary>
    VersionSelect,
}

/// <summary>The names of extensions.</summary>
internal static class SftpExtensions
{
    /// <summary>The extension of a name.</summary>
    public static SftpExtension Of(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("posix-rename@openssh.com"u8) ? SftpExtension.PosixRename
        : name.SequenceEqual("hardlink@openssh.com"u8) ? SftpExtension.Hardlink
        : name.SequenceEqual("statvfs@openssh.com"u8) ? SftpExtension.StatVfs
        : name.SequenceEqual("fstatvfs@openssh.com"u8) ? SftpExtension.FStatVfs
        : name.SequenceEqual("fsync@openssh.com"u8) ? SftpExtension.FSync
        : name.SequenceEqual("lsetstat@openssh.com"u8) ? SftpExtension.LSetStat
        : name.SequenceEqual("limits@openssh.com"u8) ? SftpExtension.Limits
        : name.SequenceEqual("expand-path@openssh.com"u8) ? SftpExtension.ExpandPath
        : name.SequenceEqual("copy-data"u8) ? SftpExtension.CopyData
        : name.SequenceEqual("home-directory"u8) ? SftpExtension.HomeDirectory
        : name.SequenceEqual("users-groups-by-id@openssh.com"u8) ? SftpExtension.UsersGroupsById
        : name.SequenceEqual("version-select"u8) ? SftpExtension.VersionSelect
        : SftpExtension.Unknown;
}
