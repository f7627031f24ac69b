package main

// summary is the French summary at the end of the page. Its figures are the
// numbers of rows: all, met, partly, caller, not done, n/a; the rows of which a part
// is not said yet, and those that must be and are not done; the numbers of tests, of exported functions, of those in a row.
const summary = `
## Résumé

Ce document relie chaque exigence à son origine, au code qui la satisfait et aux tests qui échoueraient sans ce code. Les
exigences viennent de la spécification Matrix, version 1.19, des RFC sur lesquelles elle s'appuie et, là où elle se tait,
de la pratique des autres implémentations. Il est produit par ` + "`go run ./internal/tracetable`" + ` à partir de fichiers de
données ; rien n'y est écrit à la main.

Les %d lignes se répartissent ainsi : %d satisfaites par le code, %d satisfaites en partie, %d à la charge du programme qui
utilise la bibliothèque, %d non réalisées, %d sans objet.

- *À la charge du programme* : la bibliothèque donne les moyens, et le commentaire de la fonction dit ce que le programme
  doit faire. L'outil vérifie que ces mots sont bien dans le commentaire. Exemples : remplacer une session quand un membre
  quitte un salon, prévenir la personne quand une identité change, n'accepter un secret que d'un appareil vérifié à qui il a
  été demandé. Lignes dont une partie n'est pas encore écrite : %s.
- *Non réalisées* : surtout la vérification par code QR, le partage d'historique par paquets de clés, le suivi des listes
  d'appareils et la connexion par code QR, encore instable. Celles que la spécification impose :
  %s.

Quatre contrôles tiennent ce tableau. Aucune ligne connue ne peut manquer. Chaque fonction et chaque test cités doivent
exister dans le code. Une ligne sans code ni test doit dire pourquoi. Toute fonction publique des paquets doit figurer dans
une ligne, ou dans la liste des exceptions avec sa raison. Ils durent une seconde et font partie de la vérification de
chaque changement.

Un cinquième contrôle, plus lent, exécute séparément chacun des %d tests cités : le test doit réussir et passer par une
fonction de sa ligne, et chaque fonction d'une ligne doit être atteinte par un test de cette ligne. Sur %d fonctions
publiques, %d figurent dans une ligne.

Ce que le tableau ne prouve pas : qu'un test échoue quand une défense disparaît. C'est l'objet de
[attacks.md](attacks.md), où chaque défense est retirée une fois. Le texte de la spécification fait foi ; les phrases de la
colonne *Requirement* n'en sont qu'un résumé.
`
