; What the program has written about itself while it ran goes with it; an update is no goodbye.
!macro customUnInstall
  ${ifNot} ${isUpdated}
    DeleteRegKey HKCU "Software\Classes\beeline"
    DeleteRegValue HKCU "Software\Microsoft\Windows\CurrentVersion\Run" "chat.beeline.desktop"
  ${endIf}
!macroend
