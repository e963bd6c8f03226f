using WireGate.Core.Policy.Facts;

namespace WireGate.Ssh.Sftp;

/// <summary>What a request does, and to which paths.</summary>
internal static class SftpFacts
{
    private const SftpOpenFlags Known = SftpOpenFlags.SSH_FXF_READ | Changes | SftpOpenFlags.SSH_FXF_EXCL;

    private const SftpOpenFlags Changes =
        SftpOpenFlags.SSH_FXF_WRITE | SftpOpenFlags.SSH_FXF_APPEND | SftpOpenFlags.SSH_FXF_CREAT | SftpOpenFlags.SSH_FXF_TRUNC;

    /// <summary>The operation that is judged.</summary>
    /// <param name="request">Without a fault.</param>
    /// <param name="file">What its handle stands for; null: it has none.</param>
    /// <returns>Null: it passes unjudged, since its handle was judged, or it tells nothing but names.</returns>
    public static SftpOperation? Of(in SftpRequest request, SftpFile? file) => request.Type switch
    {
        SftpType.SSH_FXP_OPEN => new(ActionsOf(request.Flags) | MoreOf(request), new SshPath(request.Path)),
        SftpType.SSH_FXP_OPENDIR => new(SftpActions.List, PathOfDirectory(request.Path)),
        SftpType.SSH_FXP_STAT or SftpType.SSH_FXP_LSTAT => new(SftpActions.Stat, new SshPath(request.Path)),
        SftpType.SSH_FXP_SETSTAT => new(SftpActions.SetStat, new SshPath(request.Path)),
        SftpType.SSH_FXP_FSETSTAT => new(SftpActions.SetStat, file!.Path),
        SftpType.SSH_FXP_REMOVE => new(SftpActions.Remove, new SshPath(request.Path)),
        SftpType.SSH_FXP_MKDIR => new(SftpActions.MakeDirectory | MoreOf(request), new SshPath(request.Path)),
        SftpType.SSH_FXP_RMDIR => new(SftpActions.RemoveDirectory, new SshPath(request.Path)),
        SftpType.SSH_FXP_READLINK => new(SftpActions.ReadLink, new SshPath(request.Path)),
        SftpType.SSH_FXP_RENAME => new(SftpActions.Rename, new SshPath(request.Path), new SshPath(request.OtherPath)),

        // OpenSSH and the draft differ in which is the link, so each is judged as if it were.
        SftpType.SSH_FXP_SYMLINK => new(SftpActions.Link, new SshPath(request.Path), new SshPath(request.OtherPath)),
        SftpType.SSH_FXP_EXTENDED => OfExtended(request, file),
        SftpType.SSH_FXP_REALPATH or SftpType.SSH_FXP_CLOSE or SftpType.SSH_FXP_READ or SftpType.SSH_FXP_WRITE or SftpType.SSH_FXP_FSTAT
            or SftpType.SSH_FXP_READDIR => null,
        _ => new(SftpActions.Other),
    };

    /// <summary>What is written down of a request that no rule was asked about.</summary>
    public static SftpOperation OfRefused(in SftpRequest request) => request.Type switch
    {
        SftpType.SSH_FXP_READ => new(SftpActions.Read),
        SftpType.SSH_FXP_WRITE => new(SftpActions.Write),
        SftpType.SSH_FXP_FSETSTAT => new(SftpActions.SetStat),
        SftpType.SSH_FXP_OPEN when request.Fault is null => new(ActionsOf(request.Flags) | MoreOf(request), new SshPath(request.Path)),
        SftpType.SSH_FXP_OPENDIR when request.Fault is null => new(SftpActions.List, PathOfDirectory(request.Path)),
        _ => new(SftpActions.Other),
    };

    /// <summary>Whether an open says more than version 3 knows.</summary>
    public static bool HasUnknownFlags(SftpOpenFlags flags) => (flags & ~Known) != 0;

    // Of what is listed a slash at the end says nothing more, and OpenSSH's client writes it.
    private static SshPath PathOfDirectory(ReadOnlySpan<byte> path) => new(path is [_, .., (byte)'/'] ? path[..^1] : path);

    // OpenSSH's server opens for reading whatever is not to be written, APPEND, CREAT and TRUNC among it.
    private static SftpActions ActionsOf(SftpOpenFlags flags) =>
        ((flags & SftpOpenFlags.SSH_FXF_READ) != 0 || (flags & SftpOpenFlags.SSH_FXF_WRITE) == 0 ? SftpActions.Read : SftpActions.None)
        | ((flags & Changes) != 0 ? SftpActions.Write : SftpActions.None);

    // An owner, setuid, times: what SETSTAT would be asked for.
    private static SftpActions MoreOf(in SftpRequest request) => request.SetsMore ? SftpActions.SetStat : SftpActions.None;

    private static SftpOperation? OfExtended(in SftpRequest request, SftpFile? file) => request.Extension switch
    {
        SftpExtension.PosixRename => new(SftpActions.Rename, new SshPath(request.Path), new SshPath(request.OtherPath)),
        SftpExtension.Hardlink => new(SftpActions.Link, new SshPath(request.Path), new SshPath(request.OtherPath)),
        SftpExtension.StatVfs => new(SftpActions.StatVfs, new SshPath(request.Path)),
        SftpExtension.FStatVfs => new(SftpActions.StatVfs, file!.Path),
        SftpExtension.LSetStat => new(SftpActions.SetStat, new SshPath(request.Path)),
        SftpExtension.FSync or SftpExtension.Limits or SftpExtension.ExpandPath or SftpExtension.CopyData or SftpExtension.HomeDirectory
            or SftpExtension.UsersGroupsById => null,
        _ => new(SftpActions.Other),
    };
}
